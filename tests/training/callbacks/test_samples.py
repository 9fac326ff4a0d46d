import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.training.callbacks.samples import SampleSheet
from tests.training.callbacks.test_frechet import PHOTOS, Fading, loader, trainer


def test_every_epoch_shows_the_same_evenly_spread_photos(tmp_path):
    callback = SampleSheet(num_photos=4)
    trainer(tmp_path, callback, max_epochs=2).fit(Fading(), loader(), loader())
    sheets = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in sheets] == ["epoch_0000.png", "epoch_0001.png"]
    assert callback.last_path == sheets[-1]
    assert callback.state_dict() == {"chosen": {"val": [0, 3, 6, 9]}}
    first, second = (np.asarray(Image.open(path)) for path in sheets)
    assert first.shape == second.shape
    assert (first != second).any()  # the predictions have changed


def test_columns_are_gray_predicted_and_reference(tmp_path, monkeypatch):
    drawn = []

    def record(columns, **options):
        drawn.append(columns)
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr("colorgan.training.callbacks.samples.contact_sheet", record)
    trainer(tmp_path, SampleSheet(num_photos=3), max_epochs=1).fit(Fading(), loader(), loader())
    (columns,) = drawn
    assert list(columns) == ["gray", "predicted", "reference"]
    assert torch.equal(torch.stack(columns["reference"]), PHOTOS[[0, 4, 9]])


def test_chosen_photos_do_not_depend_on_order(tmp_path):
    callback = SampleSheet(num_photos=4)
    trainer(tmp_path, callback, max_epochs=1).fit(Fading(), loader(), loader())
    chosen = callback.state_dict()
    resumed = SampleSheet(num_photos=4)
    resumed.load_state_dict(chosen)
    trainer(tmp_path, resumed).validate(Fading(), loader(batch_size=3), verbose=False)
    assert resumed.state_dict() == chosen
    assert resumed.last_path == tmp_path / "samples" / "validate.png"


def test_photos_are_chosen_again_for_another_validation_set(tmp_path):
    callback = SampleSheet(num_photos=2)
    callback.load_state_dict({"chosen": {"val": [100, 200]}})
    trainer(tmp_path, callback, max_epochs=2).fit(Fading(), loader(), loader())
    assert callback.state_dict() == {"chosen": {"val": [0, 9]}}
    assert callback.last_path == tmp_path / "samples" / "epoch_0001.png"


def test_small_validation_set_is_shown_completely(tmp_path):
    callback = SampleSheet(num_photos=20)
    trainer(tmp_path, callback, max_epochs=1).fit(Fading(), loader(), loader(PHOTOS[:3]))
    assert callback.state_dict() == {"chosen": {"val": [0, 1, 2]}}


def test_limit_val_batches_keeps_number_of_photos(tmp_path):
    callback = SampleSheet(num_photos=3)
    trainer(tmp_path, callback, max_epochs=1, limit_val_batches=2).fit(Fading(), loader(), loader())
    assert callback.state_dict() == {"chosen": {"val": [0, 4, 7]}}


def test_state_is_plain_data_and_sanity_check_writes_no_sheet(tmp_path):
    checkpoint = ModelCheckpoint(tmp_path, filename="model")
    trainer(tmp_path, SampleSheet(num_photos=2), checkpoint, max_epochs=1).fit(Fading(), loader(), loader())
    state = torch.load(tmp_path / "model.ckpt", weights_only=True)["callbacks"]["SampleSheet"]
    assert state == {"chosen": {"val": [0, 9]}}
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["epoch_0000.png"]


def test_sheets_are_logged_to_image_loggers(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    class ImageLogger(CSVLogger):
        received: list = []

        def log_image(self, key, images, step=None):
            self.received.append((key, images[0].size, step))

    loggers = [TensorBoardLogger(tmp_path, name="board"), ImageLogger(tmp_path), CSVLogger(tmp_path, name="plain")]
    trainer(tmp_path, SampleSheet(num_photos=2), max_epochs=2, logger=loggers).fit(Fading(), loader(), loader())
    events = EventAccumulator(loggers[0].log_dir)
    events.Reload()
    images = events.Images("val/samples")
    assert [image.step for image in images] == [2, 5]  # where Lightning logs the metrics of epochs of three batches
    assert [(key, step) for key, _, step in ImageLogger.received] == [("val/samples", 2), ("val/samples", 5)]
    assert ImageLogger.received[0][1] == (images[0].width, images[0].height)


def test_testing_writes_a_sheet(tmp_path):
    callback = SampleSheet(num_photos=2)
    trainer(tmp_path, callback).test(Fading(), loader(), verbose=False)
    assert callback.last_path == tmp_path / "samples" / "test.png"


def test_invalid_arguments_raise():
    with pytest.raises(ColorganError, match="num_photos must be at least 1, but is 0"):
        SampleSheet(num_photos=0)


def test_images_and_metrics_have_the_same_steps_after_a_resume(tmp_path):
    class Logged(Fading):
        def on_validation_epoch_end(self):
            self.log("val/value", 1.0)

    class Stop(Callback):
        """Saves and stops in the middle of the second epoch of three batches."""

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if trainer.current_epoch == 1 and batch_idx == 1:
                trainer.save_checkpoint(tmp_path / "middle.ckpt")
                raise KeyboardInterrupt

    class ImageLogger(CSVLogger):
        def log_image(self, key, images, step=None):
            image_steps.append(step)

        def log_metrics(self, metrics, step=None):
            if "val/value" in metrics:
                metric_steps.append(step)

    def fit(*callbacks, **options):
        logger = ImageLogger(tmp_path)
        trainer(tmp_path, SampleSheet(num_photos=2), *callbacks, max_epochs=3, logger=logger).fit(
            Logged(), loader(), loader(), **options
        )

    image_steps, metric_steps = [], []
    with pytest.raises(SystemExit):
        fit(Stop())
    fit(ckpt_path=tmp_path / "middle.ckpt")
    assert image_steps == metric_steps == [2, 5, 8]


def test_hints_are_shown_on_every_second_photo(tmp_path, monkeypatch, tiny_model, fit):
    from colorgan.models.hints import PointHints

    drawn = []

    def record(columns, **options):
        drawn.append(columns)
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr("colorgan.training.callbacks.samples.contact_sheet", record)
    model = tiny_model(hints=PointHints())
    fit(model, photos=8, callbacks=[SampleSheet(num_photos=4)])
    (columns,) = drawn
    assert list(columns) == ["gray", "hints", "predicted", "reference"]
    differs = [bool((gray != shown).any()) for gray, shown in zip(columns["gray"], columns["hints"], strict=True)]
    assert differs == [False, True, False, True]
    with torch.no_grad():
        plain = model.inference.eval()(torch.stack(columns["reference"]).float() / 255)
    for number, predicted in enumerate(columns["predicted"]):
        same = ((predicted / 255 - plain[number]).abs() < 1.5 / 255).all()
        assert bool(same) != differs[number]
    colored = (columns["hints"][1] != columns["gray"][1]).any(0).float().mean()
    assert 0 < colored < 1
