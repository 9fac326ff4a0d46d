"""A resumed run sees exactly the batches of an uninterrupted run."""

import contextlib
from pathlib import Path

import albumentations
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torchvision.transforms import v2

from colorgan.data import Photos


class Recorder(LightningModule):
    """Records epoch, indices and checksum of every training batch; trains one weight with manual optimization."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[int, tuple[int, ...], int]] = []

    def configure_optimizers(self):
        # used by learning-rate schedules; makes Lightning create the loader's iterator before it restores the run
        assert self.trainer.estimated_stepping_batches > 0
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        positions = torch.arange(1, batch["rgb"].numel() + 1).view_as(batch["rgb"])
        checksum = int((batch["rgb"].long() * positions).sum())
        self.seen.append((self.trainer.current_epoch, tuple(batch["index"].tolist()), checksum))
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward((self.weight * checksum / 1e12).sum())
        optimizer.step()

    def validation_step(self, batch, batch_idx):
        pass


class Interruption(Callback):
    """Saves a checkpoint at one moment of the run and stops it."""

    def __init__(self, moment: str, epoch: int, batch: int, path: Path) -> None:
        self.moment, self.epoch, self.batch, self.path = moment, epoch, batch, path

    def check(self, trainer: Trainer, moment: str, batch: int) -> None:
        if (moment, trainer.current_epoch, batch) == (self.moment, self.epoch, self.batch) and not self.path.exists():
            trainer.save_checkpoint(self.path)
            raise KeyboardInterrupt

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        self.check(trainer, "batch", batch_idx)

    def on_train_epoch_end(self, trainer, module):
        self.check(trainer, "epoch", -1)

    def on_validation_end(self, trainer, module):
        if not trainer.sanity_checking:
            self.check(trainer, "validation", -1)


def run(folder: Path, output: Path, num_workers: int, callbacks=(), ckpt_path=None, data_options=(), **options):
    data = Photos(
        str(folder),
        size=8,
        crop="random",
        batch_size=4,
        num_workers=num_workers,
        val_fraction=0.2,
        train_transforms=[
            albumentations.HorizontalFlip(),
            albumentations.RandomBrightnessContrast(p=1),
            v2.RandomResizedCrop(12),
        ],
        **dict(data_options),
    )
    module = Recorder()
    trainer = Trainer(
        default_root_dir=output,
        accelerator="cpu",
        max_epochs=3,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
        **options,
    )
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        trainer.fit(module, data, ckpt_path=ckpt_path, weights_only=True)
    return module


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    from PIL import Image

    from tests.helpers import photo_of

    folder = tmp_path_factory.mktemp("photos")
    for seed in range(22):
        Image.fromarray(photo_of(seed)).save(folder / f"{seed:02d}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLORGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        return folder, run(folder, tmp_path_factory.mktemp("run"), num_workers=0)


def test_each_epoch_sees_every_photo_once_in_a_new_order(uninterrupted):
    _, module = uninterrupted
    epochs = [
        [index for epoch, indices, _ in module.seen for index in indices if epoch == number] for number in range(3)
    ]
    assert all(len(set(epoch)) == len(epoch) == 16 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    pixels = [{checksum for epoch, _, checksum in module.seen if epoch == number} for number in range(3)]
    assert not pixels[0] & pixels[1]


def test_workers_do_not_change_the_batches(uninterrupted, tmp_path):
    folder, module = uninterrupted
    assert run(folder, tmp_path, num_workers=2).seen == module.seen


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize(
    ("moment", "epoch", "batch"),
    [("batch", 0, 0), ("batch", 1, 1), ("batch", 2, 2), ("epoch", 0, -1), ("epoch", 1, -1), ("validation", 1, -1)],
)
def test_resumed_run_matches_uninterrupted_run(uninterrupted, tmp_path, moment, epoch, batch, num_workers):
    if num_workers and moment != "batch":
        pytest.skip("workers matter only within an epoch")
    folder, whole = uninterrupted
    path = tmp_path / "stop.ckpt"
    first = run(folder, tmp_path, num_workers, [Interruption(moment, epoch, batch, path)])
    assert path.exists()
    assert len(first.seen) < len(whole.seen)
    second = run(folder, tmp_path, num_workers, ckpt_path=path)
    assert first.seen + second.seen == whole.seen
    assert torch.equal(second.weight, whole.weight)


def test_run_can_be_resumed_twice_in_one_epoch(uninterrupted, tmp_path):
    folder, whole = uninterrupted
    one, two = tmp_path / "one.ckpt", tmp_path / "two.ckpt"
    first = run(folder, tmp_path, 0, [Interruption("batch", 1, 0, one)])
    second = run(folder, tmp_path, 0, [Interruption("batch", 1, 2, two)], ckpt_path=one)
    third = run(folder, tmp_path, 0, ckpt_path=two)
    assert first.seen + second.seen + third.seen == whole.seen


def test_resumed_run_with_weights_matches_an_uninterrupted_one(uninterrupted, tmp_path):
    folder, unweighted = uninterrupted
    weighted = tmp_path / "weighted"
    for number, photo in enumerate(sorted(folder.iterdir())):
        target = weighted / ("often" if number % 2 else "seldom") / photo.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(photo)
    options, path = {"weights": {"often": 1.7, "seldom": 0.6}}, tmp_path / "stop.ckpt"
    whole = run(weighted, tmp_path, 0, data_options=options)
    first = run(weighted, tmp_path, 0, [Interruption("batch", 1, 1, path)], data_options=options)
    second = run(weighted, tmp_path, 0, ckpt_path=path, data_options=options)
    assert first.seen + second.seen == whole.seen
    assert len(whole.seen) > len(unweighted.seen)


def test_resuming_does_not_warn(uninterrupted, tmp_path, recwarn):
    folder, _ = uninterrupted
    path = tmp_path / "stop.ckpt"
    run(folder, tmp_path, None, [Interruption("batch", 1, 0, path)])
    run(folder, tmp_path, None, ckpt_path=path)
    messages = [str(warning.message) for warning in recwarn]
    assert not [message for message in messages if "not resumable" in message or "many workers" in message]
