from types import SimpleNamespace
from typing import Any

import pytest
import torch

from colorgan.training.sample_table import Sample, log_table, measure, photo_names


def sample(size: int = 8, **changes: Any) -> Sample:
    image = torch.full((3, size, size), 100, dtype=torch.uint8)
    return Sample({"gray": image, "predicted": image + 10, "reference": image}, **changes)


class Writer:
    def __init__(self) -> None:
        self.texts: list[tuple[str, str, int]] = []

    def add_text(self, name: str, text: str, step: int) -> None:
        self.texts.append((name, text, step))


def trainer(writer: Writer, function: str = "fit") -> Any:
    loop = SimpleNamespace(epoch_loop=SimpleNamespace(total_batch_idx=7))
    return SimpleNamespace(
        loggers=[SimpleNamespace(experiment=writer), SimpleNamespace()],
        fit_loop=loop,
        state=SimpleNamespace(fn=function),
        current_epoch=2,
    )


def test_text_of_a_table_is_one_row_per_photo() -> None:
    writer = Writer()
    log_table(trainer(writer), "val/photos", ["a|b.jpg", "c.jpg"], [sample(), sample()])
    ((name, text, step),) = writer.texts
    assert (name, step) == ("val/photos", 7)
    assert text.splitlines()[:2] == [
        "| epoch | photo | PSNR | ΔE₀₀ | tint | CF |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    assert text.splitlines()[2].startswith("| 2 | a\\|b.jpg | 28.13 | ")  # 20 log10(255 / 10)


def test_no_epoch_outside_of_training() -> None:
    writer = Writer()
    log_table(trainer(writer, "test"), "test/photos", ["a"], [sample()])
    assert writer.texts[0][1].startswith("| photo |")


def test_metrics_that_need_larger_photos_are_left_out() -> None:
    assert set(measure([sample(8)])) == {"psnr", "ciede2000", "tint", "colorfulness"}
    assert set(measure([sample(16)])) == {"psnr", "ssim", "ciede2000", "tint", "colorfulness"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, ["3", "5"]),
        (SimpleNamespace(), ["3", "5"]),
        (SimpleNamespace(photo_name=lambda split, index: f"{split}/{index}\n"), ["'val/3\\n'", "'val/5\\n'"]),
    ],
)
def test_photos_have_the_names_that_the_data_module_knows(data: Any, expected: list[str]) -> None:
    assert photo_names(SimpleNamespace(datamodule=data), "val", [3, 5]) == expected  # type: ignore[arg-type]
