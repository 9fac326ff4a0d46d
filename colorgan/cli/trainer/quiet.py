"""Silences what libraries print that does not concern the user."""

import logging
import warnings

_WARNINGS = (
    ".*does not have many workers.*",  # decoded photos need none
    ".*logging interval Trainer.*",
    # DDP starts its other processes with the words of this one
    "LightningCLI's args parameter is intended to run from within Python",
    ".*callbacks used to create the checkpoint need to be provided.*",
    "(?s).*Dump of a value that does not round-trip: a tuple.*",  # a list is as good
    ".*not resumable.*",  # our sampler is
    ".*is not supported by the model summary.*",
    "Checkpoint directory .* exists and is not empty",
)


def silence_libraries() -> None:
    """Drops advertisements and warnings that a user can do nothing about."""
    for name in ("", ".utilities.rank_zero", ".trainer.connectors.signal_connector"):
        logging.getLogger(f"lightning.pytorch{name}").addFilter(_concerns_the_user)
    logging.getLogger("timm").setLevel(logging.ERROR)  # it warns of the classifier's weights, which no encoder has
    warnings.filterwarnings("ignore", module="lightning", message=".*deprecated.*")
    for pattern in _WARNINGS:
        warnings.filterwarnings("ignore", pattern)


def _concerns_the_user(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    # the command line says itself how it was stopped
    dropped = ("Tip:", "`weights_only` was not set", "Detected KeyboardInterrupt", "Received SIGTERM")
    return not any(part in message for part in dropped)
