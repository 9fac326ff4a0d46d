"""Early stopping from a later epoch on."""

from collections.abc import Callable
from typing import Any

import pytest
from lightning.pytorch import Callback

from colorgan.errors import ColorganError
from colorgan.training.callbacks import LateEarlyStopping

Make = Callable[..., Any]


class Constant(Callback):
    """A metric without progress, better in the epochs that must not count."""

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        pl_module.log("val/score", 0.1 if trainer.current_epoch < 3 else 1.0)


@pytest.mark.parametrize(("first_epoch", "trained"), [(0, 3), (3, 6)])
def test_epochs_before_the_first_do_not_count(tiny_model: Make, fit: Make, first_epoch: int, trained: int) -> None:
    """Patience 2 stops two epochs after the first that counts: after epoch 2, or after epoch 5."""
    stopping = LateEarlyStopping("val/score", first_epoch=first_epoch, patience=2, min_delta=0.0005)
    trainer = fit(tiny_model(), callbacks=[Constant(), stopping], max_epochs=8)
    assert trainer.current_epoch == trained
    assert stopping.best_score.item() == pytest.approx(0.1 if first_epoch == 0 else 1.0)


def test_the_first_epoch_cannot_be_negative() -> None:
    with pytest.raises(ColorganError, match="first_epoch must be at least 0, but is -1"):
        LateEarlyStopping("val/l1", first_epoch=-1)
