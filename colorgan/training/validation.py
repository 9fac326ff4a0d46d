"""When what never changes is measured: once, in the first validation."""

from lightning.pytorch import Trainer


def is_first_validation(trainer: Trainer) -> bool:
    """Whether no epoch before this one has been validated; a validation outside of training is always a first one.

    With ``check_val_every_n_epoch: 4`` that is the fourth epoch.

    Args:
        trainer: which validates.
    """
    return trainer.state.fn != "fit" or trainer.current_epoch < (trainer.check_val_every_n_epoch or 1)
