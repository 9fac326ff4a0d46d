import functools
import itertools
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.inference.checkpoint import read
from colorgan.models import OldPhotos, PointHints
from colorgan.models.generators import EncoderUNet
from colorgan.training.callbacks import FineTuning
from colorgan.training.callbacks.fine_tuning import Stage, layer_group_lrs, one_cycle
from colorgan.training.gan import ColorGAN
from tests.helpers import train_on_two_ranks

Make = Callable[..., Any]
ENCODER = functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3)


class TestOneCycle:
    """Compares with torch's OneCycleLR, which with these arguments is fastai's schedule."""

    @pytest.mark.parametrize(("total_steps", "pct_start"), [(100, 0.25), (37, 0.3), (12, 0.5)])
    def test_learning_rate_and_momentum_match_torch(self, total_steps: int, pct_start: float) -> None:
        optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
        reference = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=2.0, total_steps=total_steps, pct_start=pct_start, div_factor=25, final_div_factor=4000
        )
        for step in range(total_steps):
            group = optimizer.param_groups[0]
            assert 2.0 * one_cycle(step, total_steps, (0.04, 1.0, 1e-5), pct_start) == pytest.approx(
                group["lr"], rel=1e-6
            )
            assert one_cycle(step, total_steps, (0.95, 0.85, 0.95), pct_start) == pytest.approx(
                group["betas"][0], rel=1e-6
            )
            optimizer.step()
            if step < total_steps - 1:
                reference.step()

    def test_short_cycles_and_steps_past_the_end(self) -> None:
        assert one_cycle(0, 1, (0.0, 1.0, 0.5)) == 1.0
        assert one_cycle(1, 1, (0.0, 1.0, 0.5)) == 0.5
        assert one_cycle(7, 4, (0.0, 1.0, 0.5)) == 0.5
        assert one_cycle(3, 4, (0.0, 1.0, 0.5), pct_start=1.0) == 1.0


def test_layer_group_lrs_form_a_geometric_sequence() -> None:
    assert layer_group_lrs((1e-6, 1e-4), 5) == pytest.approx(np.geomspace(1e-6, 1e-4, 5))
    assert layer_group_lrs(1e-3, 3) == pytest.approx([1e-3] * 3)
    assert layer_group_lrs((1e-6, 1e-4), 1) == [1e-4]


class Recorder(Callback):
    """Records learning rates, momenta, weights and BatchNorm modes."""

    def __init__(self) -> None:
        self.lrs: list[list[float]] = []
        self.momenta: list[float] = []
        self.states: list[dict[str, torch.Tensor]] = []
        self.modes: list[list[bool]] = []

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        if not self.states:
            self._record(module)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self._record(module)

    def _record(self, module: Any) -> None:
        self.states.append({name: value.clone() for name, value in module.state_dict().items()})

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        param_groups = trainer.optimizers[0].param_groups
        self.lrs.append([group["lr"] for group in param_groups])
        self.momenta.append(param_groups[0]["betas"][0])
        groups = module.colorizer.generator.layer_groups()
        self.modes.append(
            [any(m.training for m in group.modules() if isinstance(m, torch.nn.BatchNorm2d)) for group in groups]
        )

    def changed(self, epoch: int) -> set[str]:
        before, after = self.states[epoch], self.states[epoch + 1]
        return {name for name in after if not torch.equal(before[name], after[name])}


def pretrained_names(model: ColorGAN) -> set[str]:
    """Names of the parameters and buffers that pretrained weights fill."""
    groups = model.colorizer.generator.layer_groups()[:-1]
    tensors = {id(tensor) for group in groups for tensor in itertools.chain(group.parameters(), group.buffers())}
    return {name for name, tensor in model.state_dict(keep_vars=True).items() if id(tensor) in tensors}


def test_frozen_layers_do_not_change_and_the_others_do(tiny_model: Make, fit: Make) -> None:
    model, recorder = tiny_model(generator=ENCODER), Recorder()
    plan = FineTuning([Stage(2, 1e-2, frozen=True), Stage(1, (1e-3, 1e-2))])
    fit(model, max_epochs=3, callbacks=[plan, recorder])
    pretrained = pretrained_names(model)
    assert any("running_mean" in name for name in pretrained)
    for epoch in (0, 1):
        assert not recorder.changed(epoch) & pretrained
    new = {name for name, _ in model.colorizer.generator.named_parameters()}
    assert {f"colorizer.generator.{name}" for name in new} - pretrained <= recorder.changed(0)
    constants = {name for name in pretrained if name.endswith((".mean", ".std"))}  # of ImageNet
    unchanged = pretrained - constants - recorder.changed(2)
    assert len(unchanged) <= 2  # timm initializes residual branches to zero, where the first gradients are zero
    assert recorder.modes[:4] == [[False] * (len(recorder.modes[0]) - 1) + [True]] * 4
    assert all(all(modes) for modes in recorder.modes[4:])
    assert any(name.startswith("discriminator") for name in recorder.changed(0))


def test_batch_norm_of_pretrained_layers_can_keep_its_statistics(tiny_model: Make, fit: Make) -> None:
    model, recorder = tiny_model(generator=ENCODER), Recorder()
    fit(model, max_epochs=2, callbacks=[FineTuning([Stage(2, 1e-2, freeze_batch_norm=True)]), recorder])
    pretrained = pretrained_names(model)
    statistics = {name for name in pretrained if "running_" in name or "num_batches" in name}
    assert statistics
    for epoch in (0, 1):
        assert not recorder.changed(epoch) & statistics
    assert any("encoder" in name and name.endswith("weight") for name in recorder.changed(1) & pretrained)
    assert any("levels" in name and name.endswith("running_mean") for name in recorder.changed(1))
    assert all(modes == [False] * (len(modes) - 1) + [True] for modes in recorder.modes)


def test_frozen_encoder_trains_with_hints_on_gray_that_looks_old(tiny_model: Make, fit: Make) -> None:
    model, recorder = tiny_model(generator=ENCODER, hints=PointHints(), degradation=OldPhotos(p_clean=0.5)), Recorder()
    fit(model, max_epochs=1, callbacks=[FineTuning([Stage(1, 1e-2, frozen=True)]), recorder])
    assert not recorder.changed(0) & pretrained_names(model)
    assert any("gray_input" in name or ".hints.weight" in name for name in recorder.changed(0))  # the new weights train
    assert all(torch.isfinite(value).all() for value in recorder.states[-1].values())


def test_learning_rates_of_all_layer_groups_match_torch_one_cycle(tiny_model: Make, fit: Make) -> None:
    model, recorder = tiny_model(generator=ENCODER), Recorder()
    groups = len(model.colorizer.generator.layer_groups())
    plan = FineTuning([Stage(2, 1e-3, frozen=True), Stage(None, (1e-6, 1e-4))])
    trainer = fit(model, photos=16, max_epochs=5, callbacks=[plan, recorder])  # 4 batches per epoch
    expected = []
    for lrs, total_steps in (([1e-3] * groups, 8), (np.geomspace(1e-6, 1e-4, groups).tolist(), 12)):
        optimizer = torch.optim.Adam([{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)])
        reference = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=lrs, total_steps=total_steps, pct_start=0.25, div_factor=25, final_div_factor=4000
        )
        for step in range(total_steps):
            expected.append([*(group["lr"] for group in optimizer.param_groups), optimizer.param_groups[0]["betas"][0]])
            optimizer.step()
            if step < total_steps - 1:
                reference.step()
    seen = [[*lrs, momentum] for lrs, momentum in zip(recorder.lrs, recorder.momenta, strict=True)]
    np.testing.assert_allclose(seen, expected, rtol=1e-6)
    assert trainer.optimizers[1].param_groups[0]["lr"] == 2e-4  # the discriminator keeps its own


def test_constant_learning_rate_and_null_momentum(tiny_model: Make, fit: Make) -> None:
    recorder = Recorder()
    plan = FineTuning([Stage(None, (1e-5, 1e-3), one_cycle=False)], momentum=None)
    fit(tiny_model(generator=ENCODER), callbacks=[plan, recorder])
    assert recorder.lrs[0] == recorder.lrs[-1] == pytest.approx(np.geomspace(1e-5, 1e-3, len(recorder.lrs[0])).tolist())
    assert set(recorder.momenta) == {0.5}


@pytest.mark.parametrize(
    ("optimizer", "momenta"), [({"momentum": 0.9}, [0.95, 0.85, 0.95]), ({}, [0, 0, 0])], ids=["momentum", "none"]
)
def test_momentum_of_sgd_is_scheduled_only_if_used(
    tiny_model: Make, fit: Make, optimizer: dict[str, float], momenta: list[float]
) -> None:
    seen: list[float] = []

    class MomentumRecorder(Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            seen.append(trainer.optimizers[0].param_groups[0]["momentum"])

    model = tiny_model(generator_optimizer=functools.partial(torch.optim.SGD, lr=1.0, **optimizer))
    fit(model, photos=32, callbacks=[FineTuning([Stage()]), MomentumRecorder()])
    assert [seen[0], seen[1], seen[-1]] == pytest.approx(momenta)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stages": []}, "needs at least one stage"),
        ({"stages": [Stage(None), Stage(2)]}, "epochs for every stage but the last"),
        ({"stages": [Stage()], "pct_start": 0.0}, "pct_start must be above 0 and at most 1, but is 0.0"),
        ({"stages": [Stage()], "div": 0.5}, "div must be at least 1, but is 0.5"),
        ({"stages": [Stage()], "div_final": float("inf")}, "div_final must be at least 1, but is inf"),
        ({"stages": [Stage()], "momentum": (1.0, 0.8)}, r"momentum must be in \[0, 1\), but is \(1.0, 0.8\)"),
    ],
)
def test_invalid_arguments_raise(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        FineTuning(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "must be at least 1, or null, but is 0"),
        ({"lr": -1.0}, "lr of a FineTuning stage must be a positive number, or two, but is -1.0"),
        ({"lr": (1e-3, float("nan"))}, "must be a positive number"),
    ],
)
def test_invalid_stages_raise(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        Stage(**arguments)


class TestSetup:
    def test_frozen_stage_without_pretrained_layers_raises(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match="UNet has no pretrained layers for FineTuning to freeze"):
            fit(tiny_model(), callbacks=[FineTuning([Stage(frozen=True)])])

    def test_generator_scheduler_raises(self, tiny_model: Make, fit: Make) -> None:
        decay = functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
        with pytest.raises(ColorganError, match=r"set model\.generator_scheduler to null"):
            fit(tiny_model(generator_scheduler=decay), callbacks=[FineTuning([Stage()])])

    def test_stages_shorter_than_the_run_raise(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match=r"stages last 2 epochs, but trainer\.max_epochs is 3: make them equal"):
            fit(tiny_model(), max_epochs=3, callbacks=[FineTuning([Stage(2)])])

    def test_stages_longer_than_the_run_warn(self, tiny_model: Make, fit: Make) -> None:
        with pytest.warns(UserWarning, match=r"max_epochs is 1, but FineTuning's stages need 3"):
            fit(tiny_model(), callbacks=[FineTuning([Stage(2), Stage()])])

    def test_constant_rate_needs_no_max_epochs(self, tiny_model: Make, fit: Make) -> None:
        plan = FineTuning([Stage(lr=2e-3, one_cycle=False)])
        trainer = fit(tiny_model(), max_epochs=-1, max_steps=3, callbacks=[plan])
        assert trainer.global_step >= 3
        assert {group["lr"] for group in trainer.optimizers[0].param_groups} == {2e-3}

    def test_open_ended_stage_without_max_epochs_raises(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match=r"continues until the end of the run: set trainer\.max_epochs"):
            fit(tiny_model(), max_epochs=-1, callbacks=[FineTuning([Stage()])])

    def test_other_modules_raise(self, fit: Make) -> None:
        from lightning.pytorch.demos.boring_classes import BoringModel

        with pytest.raises(ColorganError, match="requires a ColorGAN, received a BoringModel"):
            fit(BoringModel(), callbacks=[FineTuning([Stage()])])


def test_early_stopping_with_min_delta_and_patience(tiny_model: Make, fit: Make) -> None:
    """Lightning's callback works with manual optimization: a negligible learning rate stops after the patience."""
    stop = EarlyStopping("val/l1", min_delta=1e-4, patience=2)
    plan = FineTuning([Stage(None, 1e-12)])
    trainer = fit(tiny_model(discriminator=None), max_epochs=20, callbacks=[plan, stop])
    assert trainer.current_epoch == 3  # the first epoch sets the best value, two more do not improve it
    learning = EarlyStopping("val/l1", min_delta=1e-4, patience=2)
    trainer = fit(tiny_model(discriminator=None), max_epochs=5, callbacks=[FineTuning([Stage(None, 3e-3)]), learning])
    assert trainer.current_epoch == 5


# -- from the command line ---------------------------------------------------------------------------------------------

PLAN = """
seed_everything: 1
data: {size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.25}
model:
  generator: {class_path: EncoderUNet, init_args: {encoder: test_resnet, width: 4, depth: 3}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
  generator_optimizer: {class_path: torch.optim.AdamW, init_args: {lr: 1.0e-3}}
trainer:
  accelerator: cpu
  max_epochs: 4
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
  logger: false
  callbacks:
    - class_path: FineTuning
      init_args:
        stages:
          - {epochs: 2, lr: 1.0e-2, frozen: true}
          - {lr: [1.0e-4, 1.0e-2]}
    - class_path: lightning.pytorch.callbacks.EarlyStopping
      init_args: {monitor: val/l1, min_delta: 1.0e-4, patience: 3}
    - class_path: LastCheckpoint
"""


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with photos and a configuration."""
    (tmp_path / "photos").mkdir()
    for seed in range(20):
        coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize((24, 20), Image.Resampling.BICUBIC)
        photo.save(tmp_path / "photos" / f"{seed:02d}.png")
    (tmp_path / "plan.yaml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


FIT = ["fit", "-c", "plan.yaml", "--data.root=photos"]


def last(name: str) -> Path:
    (found,) = Path("checkpoints", name).glob("*/checkpoints/last.ckpt")
    return found


def test_resumed_run_matches_uninterrupted_run(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from colorgan.cli import main

    assert main([*FIT, "--name=uninterrupted"]) == 0
    expected = read(last("uninterrupted"))
    step = ColorGAN.training_step
    for batch in (1, 7):  # of three per epoch: in the frozen stage, and in the other
        count = itertools.count()

        def interrupted(self: ColorGAN, *args: Any, count: Any = count, batch: int = batch) -> None:
            if next(count) == batch:
                os.kill(os.getpid(), signal.SIGTERM)
            step(self, *args)

        monkeypatch.setattr(ColorGAN, "training_step", interrupted)
        assert main([*FIT, f"--name=at{batch}"]) == 128 + signal.SIGTERM
        monkeypatch.setattr(ColorGAN, "training_step", step)
        torch.load(last(f"at{batch}"), weights_only=True)  # mid-stage checkpoints are plain data too
        assert main([*FIT, f"--name=at{batch}", "--ckpt_path=last"]) == 0
        contents = read(last(f"at{batch}"))
        differing = [n for n, v in expected["state_dict"].items() if not torch.equal(v, contents["state_dict"][n])]
        assert not differing
        lrs = [[group["lr"] for group in c["optimizer_states"][0]["param_groups"]] for c in (expected, contents)]
        assert lrs[0] == lrs[1]


def test_saved_config_reproduces_the_run(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.cli import main

    assert main([*FIT, "--name=one", "--trainer.max_epochs=3"]) == 0
    (config,) = Path("checkpoints/one").glob("*/config.yaml")
    assert re.search(r"stages:\s+- epochs: 2\s+lr: 0.01\s+frozen: true", config.read_text())
    assert main(["fit", "-c", str(config), "--name=two"]) == 0
    one, two = read(last("one"))["state_dict"], read(last("two"))["state_dict"]
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.slow
def test_two_ranks_agree_after_unfreezing(workdir: Path) -> None:
    """DDP ignores parameters that are frozen when it wraps the model, so layers must be frozen after that."""
    train_on_two_ranks(*FIT, "--trainer.max_epochs=3")
