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
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch"):
        logging.getLogger(name).addFilter(_concerns_the_user)
    logging.getLogger("timm").setLevel(logging.ERROR)  # it warns of the classifier's weights, which no encoder has
    warnings.filterwarnings("ignore", module="lightning", message=".*deprecated.*")
    for pattern in _WARNINGS:
        warnings.filterwarnings("ignore", pattern)


def _concerns_the_user(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return "Tip:" not in message and not message.strip().startswith(
        ("`weights_only` was not set", "Detected KeyboardInterrupt")  # the command line says how it was stopped
    )
