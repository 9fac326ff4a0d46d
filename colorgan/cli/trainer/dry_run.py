"""Parses or builds what ``fit`` would train, without training it."""

from pathlib import Path
from typing import Any

from jsonargparse import Namespace

from colorgan.cli.trainer.command import ColorganCLI
from colorgan.inference.run_folder import RunFolder
from colorgan.models.encoders import without_pretrained_weights


class BuildOnlyCLI(ColorganCLI):
    """Builds the model and the data of ``fit`` without training.

    Attributes:
        complete: the complete configuration, as it was parsed.
    """

    with_callbacks = False
    """Whether callbacks are built, too."""

    def before_instantiate_classes(self) -> None:
        """Leaves out what writes files."""
        section = self.config[self.subcommand]
        self.complete = plain(section)
        callbacks = section.trainer.callbacks if self.with_callbacks else []
        section.trainer.callbacks = []
        section.trainer.logger = False
        super().before_instantiate_classes()
        section.trainer.callbacks = callbacks
        self.save_config_callback = None

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        """A folder that is never made."""
        return RunFolder(Path(section.runs) / "dry_run")

    def instantiate_classes(self) -> None:
        """Builds networks whose weights do not matter, such as those of a regressor that has not been trained yet."""
        with without_pretrained_weights():
            super().instantiate_classes()

    def fit(self, **_: Any) -> None:
        """Overrides the training."""

    def after_fit(self) -> None:
        """There is nothing to report."""


class ParsedConfiguration(Exception):  # noqa: N818 (it is no error)
    """Ends a command that only parses.

    Attributes:
        content: the complete configuration.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__("the configuration was parsed")
        self.content = content


class ParseOnlyCLI(ColorganCLI):
    """Parses and checks the configuration of ``fit``, and raises :class:`ParsedConfiguration` before it is built."""

    def before_instantiate_classes(self) -> None:
        """Ends the command."""
        raise ParsedConfiguration(plain(self.config[self.subcommand]))


def plain(section: Namespace) -> dict[str, Any]:
    """The configuration of a command as plain data, without the files that it was read from and the name after them."""
    content: dict[str, Any] = section.clone().as_dict()
    return {key: value for key, value in content.items() if key not in ("config", "name")}
