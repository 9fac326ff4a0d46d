"""Loggers: a CSV file that resumed runs append to, and an offline fallback for Weights & Biases."""

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
_CONNECT_TIMEOUT = 5.0
"""Seconds. Without it, the W&B client waits for minutes and then aborts the training."""


class _AppendingWriter(ExperimentWriter):
    """Appends to an existing file, which Lightning's writer would delete."""

    def _check_log_dir_exists(self) -> None:
        file = Path(self.metrics_file_path)
        if file.is_file():
            with file.open(newline="") as stream:
                self.metrics_keys = next(csv.reader(stream), [])


class MetricsFile(CSVLogger):
    """Logs all metrics to ``metrics.csv`` in the run folder; a resumed run appends to it.

    Args:
        save_dir: folder of the file; null uses the run folder.
        flush_logs_every_n_steps: number of steps between two writes.
    """

    def __init__(self, save_dir: str | None = None, flush_logs_every_n_steps: int = 20) -> None:
        super().__init__(save_dir or ".", name="", version="", flush_logs_every_n_steps=flush_logs_every_n_steps)

    @property
    def experiment(self) -> _ExperimentWriter:
        """Writer of the file."""
        if getattr(rank_zero_only, "rank", 0) == 0 and self._experiment is None:
            Path(self.log_dir).mkdir(parents=True, exist_ok=True)
            self._experiment = _AppendingWriter(self.log_dir)
        return cast(_ExperimentWriter, super().experiment)


def wandb_offline_reason() -> str | None:
    """Returns why Weights & Biases must log offline; ``None`` if it can log online or is already set to offline."""
    if os.environ.get("WANDB_MODE", "online") not in ("online", "run"):
        return None
    address = urlparse(os.environ.get("WANDB_BASE_URL", _WANDB_SERVER))
    host = address.hostname or "api.wandb.ai"
    if not _has_wandb_key(host):
        return "there is no W&B key (`wandb login` stores one)"
    try:
        with socket.create_connection((host, address.port or 443), timeout=_CONNECT_TIMEOUT):
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


def log_config(loggers: list[Any], config: dict[str, Any]) -> None:
    """Logs the complete configuration of a run to every logger outside of the run folder."""
    for logger in loggers:
        if not isinstance(logger, CSVLogger):  # the run folder has config.yaml next to metrics.csv
            logger.log_hyperparams(config)
