"""Loggers of a run: the CSV file that survives a resumption, and Weights & Biases that goes on without a network."""

import csv
import netrc
import os
import socket
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse

from lightning.fabric.loggers.csv_logs import _ExperimentWriter
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.utilities import rank_zero_only

_WANDB_SERVER = "https://api.wandb.ai"
_PATIENCE = 5.0
"""Seconds to wait for the W&B server; the client itself would wait for minutes and then abort the training."""


class _AppendingWriter(ExperimentWriter):
    """Goes on with an existing file where Lightning's own would delete it."""

    def _check_log_dir_exists(self) -> None:
        file = Path(self.metrics_file_path)
        if file.is_file():
            with file.open(newline="") as stream:
                self.metrics_keys = next(csv.reader(stream), [])


class MetricsFile(CSVLogger):
    """Writes all metrics to ``metrics.csv`` in the run folder; a resumed run appends to it.

    Args:
        save_dir: folder of the file; null takes the run folder.
        flush_logs_every_n_steps: how often the file is written.
    """

    def __init__(self, save_dir: str | None = None, flush_logs_every_n_steps: int = 20) -> None:
        super().__init__(save_dir or ".", name="", version="", flush_logs_every_n_steps=flush_logs_every_n_steps)

    @property
    def experiment(self) -> _ExperimentWriter:
        """The writer of the file."""
        if getattr(rank_zero_only, "rank", 0) == 0 and self._experiment is None:
            Path(self.log_dir).mkdir(parents=True, exist_ok=True)
            self._experiment = _AppendingWriter(self.log_dir)
        return cast(_ExperimentWriter, super().experiment)


def wandb_obstacle() -> str | None:
    """Why Weights & Biases cannot log online, in a few words; ``None`` if it can or was not asked to."""
    if os.environ.get("WANDB_MODE", "online") not in ("online", "run"):
        return None
    address = urlparse(os.environ.get("WANDB_BASE_URL", _WANDB_SERVER))
    host = address.hostname or "api.wandb.ai"
    if not _has_wandb_key(host):
        return "there is no W&B key (`wandb login` stores one)"
    try:
        with socket.create_connection((host, address.port or 443), timeout=_PATIENCE):
            return None
    except OSError as error:
        return f"{host} cannot be reached ({error})"


def _has_wandb_key(host: str) -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def log_configuration(loggers: list[Any], configuration: dict[str, Any]) -> None:
    """Gives the whole configuration of a run to every logger that keeps one beyond the run folder."""
    for logger in loggers:
        if not isinstance(logger, CSVLogger):  # config.yaml lies beside metrics.csv
            logger.log_hyperparams(configuration)
