"""Photos that grow by epochs."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.cli import main
from colorgan.errors import ColorganError
from colorgan.models.discriminators import ConvLinear
from colorgan.training import ProgressiveSize, SizeStage
from colorgan.training.callbacks.progressive_size import resized
from tests.helpers import QUICK_TRAINER, TINY_NETWORKS, photos

CONFIG = f"""\
seed_everything: 3
data: {{root: photos, size: 32, batch_size: 4, num_workers: 0, val_fraction: 0.25}}
model:
{TINY_NETWORKS}trainer:
{QUICK_TRAINER}  logger: false
  callbacks:
    - class_path: ProgressiveSize
      init_args: {{stages: [{{size: 8, epochs: 1}}, {{size: 16, epochs: 2}}]}}
    - class_path: LastCheckpoint
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_photos: Callable[..., Path]) -> Path:
    make_photos("photos", 16)
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, int]]:
    """The epoch, the kind of step and the size of the photos of each step."""
    from colorgan.training.gan import ColorGAN

    seen: list[tuple[int, str, int]] = []
    for kind in ("training", "validation"):
        step = getattr(ColorGAN, f"{kind}_step")

        def noted(self: Any, batch: Any, batch_idx: int, kind: str = kind, step: Any = step) -> Any:
            assert batch["rgb"].dtype == torch.uint8
            seen.append((self.current_epoch, kind, batch["rgb"].shape[-1]))
            return step(self, batch, batch_idx)

        monkeypatch.setattr(ColorGAN, f"{kind}_step", noted)
    return seen


def weights(file: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["state_dict"]
    return state


def test_photos_grow_and_a_resumed_run_is_the_same(place: Path, sizes: list[Any]) -> None:
    whole = ["fit", "-c", "tiny.yaml", "--trainer.max_epochs=4"]
    assert main([*whole, "--name=whole"]) == 0
    assert {(epoch, size) for epoch, kind, size in sizes if kind == "training"} == {(0, 8), (1, 16), (2, 16), (3, 32)}
    assert {size for _, kind, size in sizes if kind == "validation"} == {32}
    stopped = [*whole, "--name=stopped"]
    assert main([*stopped, "--trainer.max_steps=12"]) == 0  # two epochs of three batches, with two optimizers
    last = next(Path("checkpoints", "stopped").glob("*/checkpoints/last.ckpt"))
    assert torch.load(last, weights_only=True)["epoch"] == 1
    assert main([*stopped, f"--ckpt_path={last}"]) == 0
    expected = weights(next(Path("checkpoints", "whole").glob("*/checkpoints/last.ckpt")))
    assert all(torch.equal(value, expected[name]) for name, value in weights(last).items())


def test_photos_are_averaged_as_pillow_does() -> None:
    photo = photos(2, seed=1, size=48)
    for size in (16, 24):
        expected = [np.asarray(Image.fromarray(each.permute(1, 2, 0).numpy()).reduce(48 // size)) for each in photo]
        found = resized(photo, size).permute(0, 2, 3, 1).numpy()
        assert np.abs(found.astype(int) - np.stack(expected)).max() <= 1


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ([], "needs at least one stage"),
        ([SizeStage(32, 1), SizeStage(32, 1)], r"must grow from stage to stage, but are \[32, 32\]"),
    ],
)
def test_stages_out_of_order_are_refused(stages: list[SizeStage], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        ProgressiveSize(stages)


@pytest.mark.parametrize(("size", "epochs"), [(0, 1), (8, 0), (8, True)])
def test_stages_out_of_range_are_refused(size: int, epochs: int) -> None:
    with pytest.raises(ColorganError, match="of a ProgressiveSize stage must be an integer >= 1"):
        SizeStage(size, epochs)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--trainer.max_epochs=3"], "take 3 epochs, but trainer.max_epochs is 3, so no epoch would have the size of"),
        (["--trainer.max_epochs=9", "--data.size=16"], "has a stage of 16 pixels, but data.size=16 is the largest"),
        (["--trainer.max_epochs=9", "--model.generator.depth=4"], "data.size=8 does not suit UNet"),
    ],
)
def test_stages_that_do_not_fit_are_one_sentence(
    place: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", "tiny.yaml", *options]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert sentence in line


def test_networks_of_one_size_are_refused(tiny_model: Any, fit: Any) -> None:
    network = functools.partial(ConvLinear, width=4, num_downsamples=2, size=16, hidden=8)
    with pytest.raises(ColorganError, match="data.size=8 does not suit ConvLinear"):
        fit(tiny_model(discriminator=network), callbacks=[ProgressiveSize([SizeStage(8, 1)])], max_epochs=2)
