"""The configuration that each run saves."""

from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback
from lightning.pytorch.loggers import WandbLogger

from colorgan.files import atomic_write
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.interruption import failing_later
from colorgan.training.dashboard import lay_out, log_outcome
from colorgan.training.loggers import log_config
from colorgan.training.provenance import provenance


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
        self.logged: dict[str, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Writes the file if a model is trained; a resumed run writes ``config_resumed_N.yaml`` next to the first."""
        if self.already_saved or not trainer.is_global_zero:
            return
        text = self.parser.dump(self.as_given, skip_unset=False)
        self.logged = yaml.safe_load(text)
        if stage == "fit":
            _write(trainer, self.config_filename, text)
            lay_out(trainer, pl_module)
        if trainer.loggers:
            self.logged |= provenance(getattr(trainer, "datamodule", None))
            log_config(trainer.loggers, self.logged)
        self.already_saved = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the final metrics beside the configuration."""
        if trainer.is_global_zero:
            with failing_later(trainer):
                log_outcome(trainer, self.logged)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Likewise for a training that has been stopped."""
        if trainer.state.fn == "fit":
            self.on_fit_end(trainer, pl_module)


def _write(trainer: Trainer, name: str, text: str) -> None:
    """Writes the configuration, and the id that a resumed run continues under in Weights & Biases."""
    folder = RunFolder(Path(trainer.default_root_dir))
    file, count = folder.path / name, 0
    while file.exists():
        count += 1
        file = folder.path / f"config_resumed_{count}.yaml"
    written = {file: text}
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger) and logger.version:
            written[folder.wandb_id] = f"{logger.version}\n"
    for path, content in written.items():
        with atomic_write(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
