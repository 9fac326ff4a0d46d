import math

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import frechet_distance
from colorgan.training.callbacks.frechet import FrechetDistance
from colorgan.training.photo_rows import first_occurrences
from tests.helpers import photos

PHOTOS = photos(10, seed=2)


class Fading(LightningModule):
    """Predicts photos whose colors approach the target with every epoch."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def training_step(self, batch, batch_idx):
        return self.weight.square()

    def validation_step(self, batch, batch_idx):
        target, index = batch[0] / 255, batch[1]
        gray = target.mean(1, keepdim=True).expand_as(target)
        fraction = (self.current_epoch + 1) / 4
        return {"predicted": target * fraction + gray * (1 - fraction), "target": target, "gray": gray, "index": index}

    def test_step(self, batch, batch_idx):
        return self.validation_step(batch, batch_idx)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def loader(images=PHOTOS, batch_size=4):
    return DataLoader(TensorDataset(images, torch.arange(len(images))), batch_size)


def trainer(tmp_path, *callbacks, **options):
    options = {"max_epochs": 3, "num_sanity_val_steps": 1, "logger": False, **options}
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    if not any(isinstance(callback, ModelCheckpoint) for callback in callbacks):
        quiet["enable_checkpointing"] = False
    return Trainer(default_root_dir=tmp_path, callbacks=list(callbacks), **quiet, **options)


def expected(name, fraction):
    extractor = FeatureExtractor(name)
    target = PHOTOS / 255
    gray = target.mean(1, keepdim=True).expand_as(target)
    return frechet_distance(extractor(to_uint8(target * fraction + gray * (1 - fraction))), extractor(PHOTOS))


def test_distance_is_logged_every_epoch_and_can_be_monitored(tmp_path, tiny_features):
    history = []

    class Recorder(ModelCheckpoint):
        def on_validation_end(self, trainer, pl_module):
            super().on_validation_end(trainer, pl_module)
            history.append(dict(trainer.callback_metrics))

    best = Recorder(tmp_path, monitor="val/fd_tiny_test", filename="{epoch}")
    model = Fading()
    run = trainer(tmp_path, FrechetDistance(tiny_features), best)
    run.fit(model, loader(), loader())
    assert len(history) == 4  # the sanity check has no distance
    assert "val/fd_tiny_test" not in history.pop(0)
    for epoch, metrics in enumerate(history):
        assert float(metrics["val/fd_tiny_test"]) == pytest.approx(expected(tiny_features, (epoch + 1) / 4), rel=1e-5)
    assert float(history[0]["val/fd_tiny_test_gray"]) == pytest.approx(expected(tiny_features, 0.0), rel=1e-5)
    assert best.best_model_path.endswith("epoch=2.ckpt")

    checkpoint = torch.load(best.best_model_path, weights_only=True)
    assert list(checkpoint["state_dict"]) == ["weight"]
    state = next(value for key, value in checkpoint["callbacks"].items() if key.startswith("FrechetDistance"))
    assert state == {"gray": {"val": pytest.approx(expected(tiny_features, 0.0), rel=1e-5)}}


def test_target_and_gray_features_are_extracted_once(tmp_path, tiny_features, monkeypatch):
    extracted = []
    extract = FeatureExtractor.__call__
    monkeypatch.setattr(
        FeatureExtractor, "__call__", lambda self, images: (extracted.append(len(images)), extract(self, images))[1]
    )
    trainer(tmp_path, FrechetDistance(tiny_features)).fit(Fading(), loader(), loader())
    assert sum(extracted) == 3 * 10 + 10 + 10


def test_resumed_run_gives_same_distance_and_skips_gray(tmp_path, tiny_features):
    first = trainer(tmp_path, FrechetDistance(tiny_features), ModelCheckpoint(tmp_path, save_last=True), max_epochs=1)
    first.fit(Fading(), loader(), loader())
    again = trainer(tmp_path, FrechetDistance(tiny_features), max_epochs=2)
    again.fit(Fading(), loader(), loader(), ckpt_path=str(tmp_path / "last.ckpt"), weights_only=True)
    assert float(again.callback_metrics["val/fd_tiny_test"]) == pytest.approx(expected(tiny_features, 0.5), rel=1e-5)
    assert "val/fd_tiny_test_gray" not in again.callback_metrics


def test_validate_and_test_log_distances(tmp_path, tiny_features):
    callback = FrechetDistance(tiny_features)
    (validated,) = trainer(tmp_path, callback).validate(Fading(), loader(), verbose=False)
    assert validated["val/fd_tiny_test"] == pytest.approx(expected(tiny_features, 0.25), rel=1e-5)
    assert validated["val/fd_tiny_test_gray"] == pytest.approx(expected(tiny_features, 0.0), rel=1e-5)
    (tested,) = trainer(tmp_path, callback).test(Fading(), loader(), verbose=False)
    assert tested["test/fd_tiny_test"] == pytest.approx(expected(tiny_features, 0.25), rel=1e-5)


def test_several_instances_can_be_combined(tmp_path, tiny_features, monkeypatch):
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY as KNOWN

    monkeypatch.setitem(KNOWN, "other", KNOWN[tiny_features])
    callbacks = [FrechetDistance(tiny_features), FrechetDistance("other")]
    assert callbacks[0].state_key != callbacks[1].state_key
    expected = f"FrechetDistance{{'features': '{callbacks[0].features}', 'layer': {callbacks[0].layer!r}}}"
    assert callbacks[0].state_key == expected  # the key in existing checkpoints
    run = trainer(tmp_path, *callbacks, max_epochs=1)
    run.fit(Fading(), loader(), loader())
    assert run.callback_metrics["val/fd_tiny_test"] == run.callback_metrics["val/fd_other"]


def test_missing_weights_raise_before_first_batch(tmp_path):
    class Model(Fading):
        def training_step(self, batch, batch_idx):
            raise AssertionError("trained")

        validation_step = training_step

    callback = FrechetDistance("inception-v3-compat", weights=str(tmp_path / "inception.pth"))
    with pytest.raises(ColorganError, match="there is no weight file .*fetch https"):
        trainer(tmp_path, callback).fit(Model(), loader(), loader())


def test_single_photo_logs_nan_and_training_continues(tmp_path, tiny_features):
    run = trainer(tmp_path, FrechetDistance(tiny_features), max_epochs=1)
    with pytest.warns(UserWarning, match="needs at least 2 photos, but the epoch has 1; logging NaN"):
        run.fit(Fading(), loader(), loader(PHOTOS[:1]))
    assert math.isnan(run.callback_metrics["val/fd_tiny_test"])


def test_unsupported_validation_step_raises(tmp_path, tiny_features):
    class Model(Fading):
        def validation_step(self, batch, batch_idx):
            return {"loss": self.weight}

    with pytest.raises(
        ColorganError, match="FrechetDistance needs a validation step that returns .* this one returned loss"
    ):
        trainer(tmp_path, FrechetDistance(tiny_features)).validate(Model(), loader(), verbose=False)


def test_first_occurrences_drops_repeated_photos():
    index = torch.tensor([4, 0, 2, 1, 3, 5, 0, 1])
    assert index[first_occurrences(index)].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.slow
def test_two_ranks_match_a_single_process(tmp_path, tiny_features):
    """Two processes, an odd number of photos: the sampler repeats one."""
    run = trainer(
        tmp_path,
        FrechetDistance(tiny_features),
        max_epochs=1,
        devices=2,
        strategy="ddp_fork",
    )
    images = photos(9, seed=2)
    run.fit(Fading(), loader(images), loader(images))
    extractor = FeatureExtractor(tiny_features)
    gray = (images / 255).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    predicted = to_uint8(images / 255 * 0.25 + gray * 0.75)
    expected = frechet_distance(extractor(predicted), extractor(images))
    assert float(run.callback_metrics["val/fd_tiny_test"]) == pytest.approx(expected, rel=1e-5)
