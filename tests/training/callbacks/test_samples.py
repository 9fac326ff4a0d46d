import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.training.callbacks.samples import SampleSheet, _spread
from tests.training.callbacks.test_frechet import PHOTOS, Fading, loader, trainer


def test_the_same_photos_every_epoch_spread_over_the_set(tmp_path):
    callback = SampleSheet(count=4)
    trainer(tmp_path, callback, max_epochs=2).fit(Fading(), loader(), loader())
    sheets = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in sheets] == ["epoch_0000.png", "epoch_0001.png"]
    assert callback.last_path == sheets[-1]
    assert callback.state_dict() == {"chosen": {"val": [0, 3, 6, 9]}}
    first, second = (np.asarray(Image.open(path)) for path in sheets)
    assert first.shape == second.shape
    assert (first != second).any()  # the predictions have changed


def test_the_sheet_shows_gray_predicted_and_target(tmp_path, monkeypatch):
    drawn = []

    def record(columns, **options):
        drawn.append(columns)
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr("colorgan.training.callbacks.samples.contact_sheet", record)
    trainer(tmp_path, SampleSheet(count=3), max_epochs=1).fit(Fading(), loader(), loader())
    (columns,) = drawn
    assert list(columns) == ["gray", "predicted", "target"]
    assert torch.equal(torch.stack(columns["target"]), PHOTOS[[0, 4, 9]])


def test_photos_are_chosen_by_index_even_if_their_order_changes(tmp_path):
    callback = SampleSheet(count=4)
    trainer(tmp_path, callback, max_epochs=1).fit(Fading(), loader(), loader())
    chosen = callback.state_dict()
    resumed = SampleSheet(count=4)
    resumed.load_state_dict(chosen)
    trainer(tmp_path, resumed).validate(Fading(), loader(batch_size=3), verbose=False)
    assert resumed.state_dict() == chosen
    assert resumed.last_path == tmp_path / "samples" / "validate.png"


def test_another_validation_set_is_chosen_from_anew(tmp_path):
    callback = SampleSheet(count=2)
    callback.load_state_dict({"chosen": {"val": [100, 200]}})
    trainer(tmp_path, callback, max_epochs=2).fit(Fading(), loader(), loader())
    assert callback.state_dict() == {"chosen": {"val": [0, 9]}}
    assert callback.last_path == tmp_path / "samples" / "epoch_0001.png"


def test_fewer_photos_than_asked_for_are_all_shown(tmp_path):
    callback = SampleSheet(count=20)
    trainer(tmp_path, callback, max_epochs=1).fit(Fading(), loader(), loader(PHOTOS[:3]))
    assert callback.state_dict() == {"chosen": {"val": [0, 1, 2]}}


def test_a_limited_validation_still_shows_as_many_as_asked_for(tmp_path):
    callback = SampleSheet(count=3)
    trainer(tmp_path, callback, max_epochs=1, limit_val_batches=2).fit(Fading(), loader(), loader())
    assert callback.state_dict() == {"chosen": {"val": [0, 4, 7]}}


def test_the_state_is_plain_and_the_sanity_check_leaves_no_sheet(tmp_path):
    checkpoint = ModelCheckpoint(tmp_path, filename="model")
    trainer(tmp_path, SampleSheet(count=2), checkpoint, max_epochs=1).fit(Fading(), loader(), loader())
    state = torch.load(tmp_path / "model.ckpt", weights_only=True)["callbacks"]["SampleSheet"]
    assert state == {"chosen": {"val": [0, 9]}}
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["epoch_0000.png"]


def test_loggers_that_take_pictures_get_them(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    class Pictures(CSVLogger):
        received: list = []

        def log_image(self, key, images, step=None):
            self.received.append((key, images[0].size, step))

    loggers = [TensorBoardLogger(tmp_path, name="board"), Pictures(tmp_path), CSVLogger(tmp_path, name="plain")]
    trainer(tmp_path, SampleSheet(count=2), max_epochs=2, logger=loggers).fit(Fading(), loader(), loader())
    events = EventAccumulator(loggers[0].log_dir)
    events.Reload()
    images = events.Images("val/samples")
    assert [image.step for image in images] == [2, 5]  # where Lightning logs the metrics of epochs of three batches
    assert [(key, step) for key, _, step in Pictures.received] == [("val/samples", 2), ("val/samples", 5)]
    assert Pictures.received[0][1] == (images[0].width, images[0].height)


def test_the_test_stage_has_its_sheet(tmp_path):
    callback = SampleSheet(count=2)
    trainer(tmp_path, callback).test(Fading(), loader(), verbose=False)
    assert callback.last_path == tmp_path / "samples" / "test.png"


def test_bad_input():
    with pytest.raises(ColorganError, match="at least 1 photo, received count=0"):
        SampleSheet(count=0)


@pytest.mark.parametrize(("count", "total"), [(1, 1), (1, 9), (20, 20), (20, 21), (20, 1000), (7, 3)])
def test_positions_are_distinct_and_inside(count, total):
    positions = _spread(count, total)
    assert len(positions) == min(count, total)
    assert positions <= set(range(total))
