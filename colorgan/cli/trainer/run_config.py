"""The configuration that each run saves."""

from pathlib import Path

import yaml
from jsonargparse import Namespace
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback

from colorgan.files import atomic_write
from colorgan.training.loggers import log_config


class SaveRunConfig(SaveConfigCallback):
    """Writes the complete configuration of a run to ``config.yaml`` in its folder, and passes it to the loggers.

    Args:
        parser: the parser of the command.
        config: its configuration, with the paths of this run in it.
        as_given: the configuration before those paths were filled in, so that the file repeats the run in a new folder.
    """

    def __init__(self, parser: LightningArgumentParser, config: Namespace, as_given: Namespace) -> None:
        super().__init__(parser, config)
        self.as_given = as_given

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Writes the file; a resumed run writes ``config_resumed_N.yaml`` next to the first one."""
        if self.already_saved or not trainer.is_global_zero or stage != "fit":
            return
        folder = Path(trainer.default_root_dir)
        file, count = folder / self.config_filename, 0
        while file.exists():
            count += 1
            file = folder / f"config_resumed_{count}.yaml"
        text = self.parser.dump(self.as_given, skip_unset=False)
        with atomic_write(file) as temporary:
            temporary.write_text(text, encoding="utf-8")
        log_config(trainer.loggers, yaml.safe_load(text))
        self.already_saved = True
