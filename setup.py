"""Puts the released models of ``checkpoints/`` into the package. Everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MODEL_FILES = ("config.yaml", "model.onnx", "model.safetensors", "README.md")


class BuildWithModels(build_py):
    """Copies each released model to ``colorgan/checkpoints/NAME``, where an installed colorgan looks for it."""

    def run(self) -> None:
        """Builds the package, then adds the models; an editable install finds them where they are."""
        super().run()
        if self.editable_mode:
            return
        for config in Path("checkpoints").glob("*/config.yaml"):
            folder = Path(self.build_lib, "colorgan", "checkpoints", config.parent.name)
            folder.mkdir(parents=True, exist_ok=True)
            for name in MODEL_FILES:
                if (config.parent / name).is_file():
                    shutil.copyfile(config.parent / name, folder / name)


setup(cmdclass={"build_py": BuildWithModels})
