from typing import Any

import pytest
from lightning.pytorch import Callback

from colorgan.training.steps import is_first_validation


class Watch(Callback):
    """Notes what ``is_first_validation`` says in each validated epoch."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bool]] = []

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.seen.append((trainer.current_epoch, is_first_validation(trainer)))


@pytest.mark.parametrize(
    ("every", "expected"), [(1, [(0, True), (1, False), (2, False), (3, False)]), (2, [(1, True), (3, False)])]
)
def test_first_validated_epoch(tiny_model: Any, fit: Any, every: int, expected: list[tuple[int, bool]]) -> None:
    watch = Watch()
    trainer = fit(tiny_model(), max_epochs=4, check_val_every_n_epoch=every, callbacks=[watch])
    assert watch.seen == expected
    assert not is_first_validation(trainer)


def test_every_validation_outside_of_fit_is_the_first(tiny_model: Any, fit: Any) -> None:
    watch = Watch()
    trainer = fit(tiny_model(), max_epochs=2, callbacks=[watch])
    trainer.validate(dataloaders=trainer.val_dataloaders, verbose=False, model=tiny_model())
    assert watch.seen[-1][1]
