"""Weights & Biases offline where it cannot be reached, and the configuration in every logger."""

import netrc
import os
import socket
from typing import Any
from urllib.parse import urlparse

import yaml
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from colorgan.training.metrics_file import MetricsFile

_WANDB_SERVER = "https://api.wandb.ai"
_CONNECT_TIMEOUT = 5.0
"""Seconds. Without it, the W&B client waits for minutes and then aborts the training."""


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
    """Logs the complete configuration of a run to every logger outside of the run folder.

    TensorBoard shows it as text. It shows hyperparameters beside final metrics, which it receives when training ends.
    """
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(config, metrics={})
            text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
            logger.experiment.add_text("config", f"```yaml\n{text}```")
        elif not isinstance(logger, MetricsFile | CSVLogger):  # the run folder has config.yaml next to metrics.csv
            logger.log_hyperparams(config)
