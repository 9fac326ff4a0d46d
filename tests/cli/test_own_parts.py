"""A network and data of one's own, in the working directory, taken through every command."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorgan import Colorizer
from colorgan.cli import main
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.system.installed_parts import installed_parts
from colorgan.training import ColorGAN
from tests.helpers import QUICK_TRAINER, photo_of

NETWORK = """
from torch import Tensor, nn
from colorgan.models import Generator

class OwnNet(Generator):
    def __init__(self, in_channels: int, out_channels: int, width: int = 4) -> None:
        super().__init__(in_channels, out_channels)
        first = nn.Conv2d(in_channels, width, 3, padding=1)
        self.body = nn.Sequential(first, nn.ReLU(), nn.Conv2d(width, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        self.check_input(x)
        return self.activate(self.body(x))
"""
DATA = """
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

class OwnData(LightningDataModule):
    def __init__(self, photos: int = 8, dtype: str = "uint8") -> None:
        super().__init__()
        self.image_size, self.dtype = 16, getattr(torch, dtype)
        values = torch.Generator().manual_seed(0)
        self.rgb = torch.randint(0, 256, (photos, 3, 16, 16), generator=values).to(self.dtype)

    def train_dataloader(self):
        return DataLoader([{"rgb": rgb, "index": i} for i, rgb in enumerate(self.rgb)], batch_size=4)

    val_dataloader = test_dataloader = train_dataloader
"""
CONFIG = f"""
seed_everything: 1
data: own_data.OwnData
model:
  generator: {{class_path: own_net.networks.OwnNet, init_args: {{width: 4}}}}
  discriminator: null
trainer:
{QUICK_TRAINER}  logger: false
  callbacks: [{{class_path: LastCheckpoint}}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a package, a data module, a configuration and a photo."""
    (tmp_path / "own_net").mkdir()
    (tmp_path / "own_net" / "__init__.py").write_text("from own_net.networks import OwnNet\n")
    (tmp_path / "own_net" / "networks.py").write_text(NETWORK)
    (tmp_path / "own_net" / "aside.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "own_data.py").write_text(DATA)
    (tmp_path / "own.yaml").write_text(CONFIG)
    (tmp_path / "photos").mkdir()
    for seed in range(4):
        Image.fromarray(photo_of(seed)).save(tmp_path / "photos" / f"{seed}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: None)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("own_net", "own_data")]:
        del sys.modules[name]


def trained() -> Path:
    assert main(["fit", "-c", "own.yaml"]) == 0
    (file,) = Path("checkpoints").glob("own/*/checkpoints/last.ckpt")
    return file


def forget() -> None:
    """What a new process knows: nothing of the package."""
    sys.path[:] = [path for path in sys.path if path != str(Path.cwd())]
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_net"]:
        del sys.modules[name]


def test_every_command_takes_a_network_that_is_trusted(
    place: Path,
    tiny_features: str,
    offline_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)
    file = trained()
    measure = ["--data=own_data.OwnData", "--trainer.callbacks=ParameterCount", "--trainer.accelerator=cpu"]
    commands: dict[str, list[str]] = {
        "colorize": ["colorize", "photos", f"--checkpoint={file}", "-o", "colorized"],
        "app": ["app", f"--checkpoint={file}", "--port=0", "--no-browser"],
        "export": ["export", f"--checkpoint={file}", "-o", "own.onnx"],
        "release": ["release", str(file), "-o", "released"],
        "released": ["colorize", "photos", "--checkpoint=released/model.safetensors", "-o", "again"],
        "evaluate": ["evaluate", f"own={file}", "--data.root=photos", "--out=report", "--images=none", "--device=cpu"],
        "predict": ["predict", f"--ckpt_path={file}", "--data.predict=photos", "--output=predicted"],
        "validate": ["validate", f"--ckpt_path={file}", *measure],
        "test": ["test", f"--ckpt_path={file}", *measure],
    }
    for name, command in commands.items():
        forget()
        assert main(command) == 1, name
        errors = capsys.readouterr().err
        assert "add --trust own_net.OwnNet" in errors, name
        assert "Traceback" not in errors
        assert "own_net" not in sys.modules, name
        assert main([*command, "--trust", "own_net"]) == 0, (name, capsys.readouterr().err)
    assert main(["lr-find", "-c", "own.yaml", "--lr_find.num_batches=20"]) == 0
    assert main(["fit", "-c", "own.yaml", f"--ckpt_path={file}", "--trainer.max_epochs=2"]) == 0
    forget()
    assert main([*commands["colorize"], "--trust", str(file.parents[1] / "config.yaml"), "--overwrite"]) == 0
    forget()
    assert main(["colorize", "photos", "--checkpoint=released", "-o", "onnx"]) == 0  # its ONNX file needs no code
    images = [np.asarray(Image.open(f"{folder}/0.png"), int) for folder in ("colorized", "again", "onnx")]
    assert all(np.abs(images[0] - image).max() <= 3 for image in images[1:])  # released weights have 16 bits


def test_python_takes_it_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = trained()
    forget()
    monkeypatch.syspath_prepend(str(place))
    for load in (Colorizer.from_checkpoint, TorchColorizer.from_checkpoint, ColorGAN.load_from_checkpoint):
        with pytest.raises(CheckpointError, match=r"trust=\['own_net.OwnNet'\]"):
            load(file)
    assert type(TorchColorizer.from_checkpoint(file, trust=["own_net"]).generator).__name__ == "OwnNet"
    assert type(TorchColorizer.from_checkpoint(file, trust="own_net").generator).__name__ == "OwnNet"
    assert type(ColorGAN.load_from_checkpoint(file, trust=[file.parents[1] / "config.yaml"])).__name__ == "ColorGAN"


@pytest.mark.parametrize(
    ("trust", "message"),
    [
        ("os", "os cannot be trusted: it is part of Python itself"),
        ("own net", "'own net' cannot be trusted: give the name of a package"),
        ("elsewhere", "add --trust own_net.OwnNet"),
        ("own_net.none", "add --trust own_net.OwnNet"),
        ("missing.yaml", "cannot read the configuration missing.yaml (no such file or directory)"),
        ("list.yaml", "list.yaml cannot be trusted: it is not a configuration with a section `model`"),
        ("own_net.aside.OwnNet", "add --trust own_net.OwnNet"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_one_sentence(
    trust: str, message: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = trained()
    forget()
    Path("list.yaml").write_text("- 1\n")
    capsys.readouterr()
    assert main(["colorize", "photos", f"--checkpoint={file}", "--trust", trust]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert not Path("colorized").exists()


def test_data_that_break_the_protocol_are_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "-c", "own.yaml", "--data.dtype=float32"]) == 1
    assert (
        "data: OwnData must yield rgb as uint8 (B, 3, H, W), received float32 (4, 3, 16, 16)" in capsys.readouterr().err
    )
    Path("own_data.py").write_text(DATA.replace("self.image_size,", "self.size,"))
    del sys.modules["own_data"]
    assert main(["fit", "-c", "own.yaml"]) == 1
    assert "data: OwnData needs the attribute image_size" in capsys.readouterr().err


def test_size_of_the_data_reaches_the_model(place: Path) -> None:
    assert Colorizer.from_checkpoint(trained(), trust=["own_net"]).size == 16


def test_the_working_directory_hides_nothing_and_installs_nothing(place: Path) -> None:
    installed_parts.cache_clear()
    try:
        Path("colorgan_parts-1.dist-info").mkdir()
        Path("colorgan_parts-1.dist-info", "METADATA").write_text("Name: colorgan-parts\nVersion: 1\n")
        Path("colorgan_parts-1.dist-info", "entry_points.txt").write_text("[colorgan.parts]\nX = own_net.aside:X\n")
        assert main(["fit", "-c", "own.yaml"]) == 0
        assert sys.path[-1] == str(place)
        assert "colorgan-parts" not in {part.package for part in installed_parts()}
    finally:
        installed_parts.cache_clear()


def test_a_checkpoint_imports_nothing_but_what_is_named(place: Path) -> None:
    import torch

    contents: dict[str, Any] = torch.load(trained(), weights_only=True)
    forget()
    sys.path.append(str(place))
    contents["hyper_parameters"]["generator"]["class_path"] = "own_net.aside.OwnNet"
    torch.save(contents, "aside.ckpt")
    with pytest.raises(CheckpointError, match=r"own_net does not import own_net.aside, .*\(--trust own_net.aside\)"):
        Colorizer.from_checkpoint("aside.ckpt", trust=["own_net"])
    with pytest.raises(ColorganError, match="not part of colorgan"):
        Colorizer.from_checkpoint("aside.ckpt", trust=["own_net.networks"])
    (place / "checkpoints" / "config.yaml").write_text("model: {generator: {class_path: own_net.aside.OwnNet}}\n")
    with pytest.raises(ColorganError, match="not part of colorgan"):  # a configuration beside it is not enough
        Colorizer.from_checkpoint("aside.ckpt")
    assert "own_net.aside" not in sys.modules
