from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning.pytorch import LightningModule, Trainer

from colorgan.errors import ColorganError
from colorgan.training.callbacks import EvaluationCallback
from colorgan.training.callbacks.evaluation import EvaluationStage
from colorgan.training.photo_rows import first_occurrences
from colorgan.training.steps import EvaluationOutput


class Recorder(EvaluationCallback):
    """Notes its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def reset(self) -> None:
        self.calls.append("reset")

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        assert output["predicted"].shape == output["target"].shape == output["gray"].shape
        self.calls.append(f"update {stage} {output['index'].tolist()}")

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        self.calls.append(f"compute {stage}")


def test_each_epoch_is_reset_updated_and_computed_once(tiny_model: Any, fit: Any) -> None:
    recorder = Recorder()
    trainer = fit(tiny_model(), photos=6, batch_size=4, num_sanity_val_steps=1, callbacks=[recorder])
    epoch = ["reset", "update val [0, 1, 2, 3]", "update val [4, 5]", "compute val"]
    assert recorder.calls == ["reset", *epoch]  # the first reset is that of the sanity check
    recorder.calls.clear()
    trainer.test(tiny_model(), trainer.val_dataloaders, verbose=False)
    assert recorder.calls == [call.replace("val", "test") for call in epoch]


@pytest.mark.parametrize(
    ("outputs", "received"),
    [(None, "NoneType"), (torch.zeros(1), "Tensor"), ({"target": 1, "loss": 2}, "loss, target")],
)
def test_other_outputs_are_refused(outputs: Any, received: str) -> None:
    trainer, nothing = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu"), None
    with pytest.raises(ColorganError, match=rf"Recorder needs a validation step that returns .* returned {received}$"):
        Recorder().on_validation_batch_end(trainer, nothing, outputs, nothing, 0)  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 12), max_size=30))
def test_first_occurrences(index: list[int]) -> None:
    positions = first_occurrences(torch.tensor(index, dtype=torch.int64)).tolist()
    assert positions == [index.index(value) for value in sorted(set(index))]
