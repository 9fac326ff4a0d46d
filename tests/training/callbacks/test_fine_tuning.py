import functools
import itertools
import os
import re
import signal
import subprocess
import sys
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
from colorgan.models.generators import EncoderUNet
from colorgan.training.callbacks import FineTuning
from colorgan.training.callbacks.fine_tuning import Stage, one_cycle, spread
from colorgan.training.gan import ColorGAN

Make = Callable[..., Any]
ENCODER = functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3)


class TestOneCycle:
    """Against torch's OneCycleLR, which is fastai's schedule when its three numbers are given."""

    @pytest.mark.parametrize(("steps", "rise"), [(100, 0.25), (37, 0.3), (12, 0.5)])
    def test_rates_and_momentum(self, steps: int, rise: float) -> None:
        optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
        reference = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=2.0, total_steps=steps, pct_start=rise, div_factor=25, final_div_factor=4000
        )
        for step in range(steps):
            group = optimizer.param_groups[0]
            assert 2.0 * one_cycle(step, steps, (0.04, 1.0, 1e-5), rise) == pytest.approx(group["lr"], rel=1e-6)
            assert one_cycle(step, steps, (0.95, 0.85, 0.95), rise) == pytest.approx(group["betas"][0], rel=1e-6)
            optimizer.step()
            if step < steps - 1:
                reference.step()

    def test_very_short_and_past_the_end(self) -> None:
        assert one_cycle(0, 1, (0.0, 1.0, 0.5)) == 1.0
        assert one_cycle(1, 1, (0.0, 1.0, 0.5)) == 0.5
        assert one_cycle(7, 4, (0.0, 1.0, 0.5)) == 0.5
        assert one_cycle(3, 4, (0.0, 1.0, 0.5), rise=1.0) == 1.0


def test_rates_are_spread_at_equal_ratios() -> None:
    assert spread((1e-6, 1e-4), 5) == pytest.approx(np.geomspace(1e-6, 1e-4, 5))
    assert spread(1e-3, 3) == pytest.approx([1e-3] * 3)
    assert spread((1e-6, 1e-4), 1) == [1e-4]


class Watch(Callback):
    """Notes rates and weights."""

    def __init__(self) -> None:
        self.rates: list[list[float]] = []
        self.momenta: list[float] = []
        self.states: list[dict[str, torch.Tensor]] = []
        self.modes: list[list[bool]] = []

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        if not self.states:
            self._note(module)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self._note(module)

    def _note(self, module: Any) -> None:
        self.states.append({name: value.clone() for name, value in module.state_dict().items()})

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        groups = trainer.optimizers[0].param_groups
        self.rates.append([group["lr"] for group in groups])
        self.momenta.append(groups[0]["betas"][0])
        parts = module.colorizer.generator.layer_groups()
        self.modes.append(
            [any(m.training for m in part.modules() if isinstance(m, torch.nn.BatchNorm2d)) for part in parts]
        )

    def moved(self, epoch: int) -> set[str]:
        before, after = self.states[epoch], self.states[epoch + 1]
        return {name for name in after if not torch.equal(before[name], after[name])}


def pretrained_names(model: ColorGAN) -> set[str]:
    """Parameters, and BatchNorm statistics, of what pretrained weights fill."""
    parts = model.colorizer.generator.layer_groups()[:-1]
    tensors = {id(tensor) for part in parts for tensor in itertools.chain(part.parameters(), part.buffers())}
    return {name for name, tensor in model.state_dict(keep_vars=True).items() if id(tensor) in tensors}


def test_what_is_frozen_does_not_move_and_the_rest_does(tiny_model: Make, fit: Make) -> None:
    model, watch = tiny_model(generator=ENCODER), Watch()
    plan = FineTuning([Stage(2, 1e-2, frozen=True), Stage(1, (1e-3, 1e-2))])
    fit(model, max_epochs=3, callbacks=[plan, watch])
    pretrained = pretrained_names(model)
    assert any("running_mean" in name for name in pretrained)
    for epoch in (0, 1):
        assert not watch.moved(epoch) & pretrained
    new = {name for name, _ in model.colorizer.generator.named_parameters()}
    assert {f"colorizer.generator.{name}" for name in new} - pretrained <= watch.moved(0)
    constants = {name for name in pretrained if name.endswith((".mean", ".std"))}  # of ImageNet
    still = pretrained - constants - watch.moved(2)
    assert len(still) <= 2  # timm begins residual branches at zero, behind which the first gradients are zero too
    assert watch.modes[:4] == [[False] * (len(watch.modes[0]) - 1) + [True]] * 4
    assert all(all(modes) for modes in watch.modes[4:])
    assert any(name.startswith("discriminator") for name in watch.moved(0))


def test_every_group_has_the_rate_it_should_in_every_batch(tiny_model: Make, fit: Make) -> None:
    model, watch = tiny_model(generator=ENCODER), Watch()
    groups = len(model.colorizer.generator.layer_groups())
    plan = FineTuning([Stage(2, 1e-3, frozen=True), Stage(None, (1e-6, 1e-4))])
    trainer = fit(model, photos=16, max_epochs=5, callbacks=[plan, watch])  # 4 batches an epoch
    expected = []
    for rates, steps in (([1e-3] * groups, 8), (np.geomspace(1e-6, 1e-4, groups).tolist(), 12)):
        optimizer = torch.optim.Adam([{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)])
        reference = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=rates, total_steps=steps, pct_start=0.25, div_factor=25, final_div_factor=4000
        )
        for step in range(steps):
            expected.append([*(group["lr"] for group in optimizer.param_groups), optimizer.param_groups[0]["betas"][0]])
            optimizer.step()
            if step < steps - 1:
                reference.step()
    seen = [[*rates, momentum] for rates, momentum in zip(watch.rates, watch.momenta, strict=True)]
    np.testing.assert_allclose(seen, expected, rtol=1e-6)
    assert trainer.optimizers[1].param_groups[0]["lr"] == 2e-4  # the discriminator's own


def test_a_constant_stage_and_untouched_momentum(tiny_model: Make, fit: Make) -> None:
    watch = Watch()
    plan = FineTuning([Stage(None, (1e-5, 1e-3), cycle=False)], momentum=None)
    fit(tiny_model(generator=ENCODER), callbacks=[plan, watch])
    assert watch.rates[0] == watch.rates[-1] == pytest.approx(np.geomspace(1e-5, 1e-3, len(watch.rates[0])).tolist())
    assert set(watch.momenta) == {0.5}


@pytest.mark.parametrize(
    ("optimizer", "momenta"), [({"momentum": 0.9}, [0.95, 0.85, 0.95]), ({}, [0, 0, 0])], ids=["momentum", "none"]
)
def test_momentum_of_sgd(tiny_model: Make, fit: Make, optimizer: dict[str, float], momenta: list[float]) -> None:
    seen: list[float] = []

    class Note(Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            seen.append(trainer.optimizers[0].param_groups[0]["momentum"])

    model = tiny_model(generator_optimizer=functools.partial(torch.optim.SGD, lr=1.0, **optimizer))
    fit(model, photos=32, callbacks=[FineTuning([Stage()]), Note()])
    assert [seen[0], seen[1], seen[-1]] == pytest.approx(momenta)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"stages": []}, "needs one stage or more"),
        ({"stages": [Stage(None), Stage(2)]}, "all of them but the last with a number of epochs"),
        ({"stages": [Stage()], "rise": 0.0}, "rise is a share above 0 and up to 1, but is 0.0"),
        ({"stages": [Stage()], "momentum": (1.0, 0.8)}, r"momentum must be in \[0, 1\), but is \(1.0, 0.8\)"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        FineTuning(**arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"epochs": 0}, "lasts 1 epoch or more, or null, but epochs is 0"),
        ({"rate": -1.0}, "must be numbers above 0, but rate is -1.0"),
        ({"rate": (1e-3, float("nan"))}, "must be numbers above 0"),
    ],
)
def test_bad_stages_are_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        Stage(**arguments)


class TestPlansThatDoNotSuit:
    def test_nothing_to_freeze(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match="UNet has no pretrained part that FineTuning could freeze"):
            fit(tiny_model(), callbacks=[FineTuning([Stage(frozen=True)])])

    def test_another_schedule(self, tiny_model: Make, fit: Make) -> None:
        decay = functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
        with pytest.raises(ColorganError, match=r"set model\.generator_scheduler to null"):
            fit(tiny_model(generator_scheduler=decay), callbacks=[FineTuning([Stage()])])

    def test_too_short_a_plan(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match=r"stages last 2 epochs, but trainer\.max_epochs is 3: make them equal"):
            fit(tiny_model(), max_epochs=3, callbacks=[FineTuning([Stage(2)])])

    def test_too_long_a_plan(self, tiny_model: Make, fit: Make) -> None:
        with pytest.warns(UserWarning, match=r"max_epochs is 1, less than FineTuning's stages need \(3\)"):
            fit(tiny_model(), callbacks=[FineTuning([Stage(2), Stage()])])

    def test_no_end(self, tiny_model: Make, fit: Make) -> None:
        with pytest.raises(ColorganError, match=r"lasts until the end of the run: set trainer\.max_epochs"):
            fit(tiny_model(), max_epochs=-1, callbacks=[FineTuning([Stage()])])

    def test_another_module(self, fit: Make) -> None:
        from lightning.pytorch.demos.boring_classes import BoringModel

        with pytest.raises(ColorganError, match="trains a ColorGAN, received a BoringModel"):
            fit(BoringModel(), callbacks=[FineTuning([Stage()])])


def test_early_stopping_by_min_delta_and_patience(tiny_model: Make, fit: Make) -> None:
    """Lightning's own callback, although we optimize by hand: a rate too low to matter stops after the patience."""
    stop = EarlyStopping("val/l1", min_delta=1e-4, patience=2)
    plan = FineTuning([Stage(None, 1e-12)])
    trainer = fit(tiny_model(discriminator=None), max_epochs=20, callbacks=[plan, stop])
    assert trainer.current_epoch == 3  # the first sets the mark, two more do not beat it
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
          - {epochs: 2, rate: 1.0e-2, frozen: true}
          - {rate: [1.0e-4, 1.0e-2]}
    - class_path: lightning.pytorch.callbacks.EarlyStopping
      init_args: {monitor: val/l1, min_delta: 1.0e-4, patience: 3}
    - class_path: LastCheckpoint
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos and a plan."""
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


def test_resumed_in_either_stage_it_goes_on_as_if_never_interrupted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorgan.cli import main

    assert main([*FIT, "--name=whole"]) == 0
    expected = read(last("whole"))
    step = ColorGAN.training_step
    for batch in (1, 7):  # of three a epoch: in the frozen stage, and in the other
        count = itertools.count()

        def interrupted(self: ColorGAN, *args: Any, count: Any = count, batch: int = batch) -> None:
            if next(count) == batch:
                os.kill(os.getpid(), signal.SIGTERM)
            step(self, *args)

        monkeypatch.setattr(ColorGAN, "training_step", interrupted)
        assert main([*FIT, f"--name=at{batch}"]) == 128 + signal.SIGTERM
        monkeypatch.setattr(ColorGAN, "training_step", step)
        torch.load(last(f"at{batch}"), weights_only=True)  # plain data in the middle of a stage too
        assert main([*FIT, f"--name=at{batch}", "--ckpt_path=last"]) == 0
        contents = read(last(f"at{batch}"))
        differing = [n for n, v in expected["state_dict"].items() if not torch.equal(v, contents["state_dict"][n])]
        assert not differing
        rates = [[group["lr"] for group in c["optimizer_states"][0]["param_groups"]] for c in (expected, contents)]
        assert rates[0] == rates[1]


def test_the_saved_configuration_holds_the_plan(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.cli import main

    assert main([*FIT, "--name=one", "--trainer.max_epochs=3"]) == 0
    (config,) = Path("checkpoints/one").glob("*/config.yaml")
    assert re.search(r"stages:\s+- epochs: 2\s+rate: 0.01\s+frozen: true", config.read_text())
    assert main(["fit", "-c", str(config), "--name=two"]) == 0
    one, two = read(last("one"))["state_dict"], read(last("two"))["state_dict"]
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.slow
def test_two_processes_agree_after_thawing(place: Path) -> None:
    """DDP leaves parameters alone that are frozen when it takes over; it must not have been told of any."""
    program = (
        "import sys, torch\n"
        "from colorgan.cli.trainer import train\n"
        "command = train(sys.argv[1:])\n"
        "flat = torch.cat([p.detach().flatten() for p in command.model.parameters()])\n"
        "everyone = command.trainer.strategy.all_gather(flat)\n"
        "assert torch.equal(everyone[0], everyone[1]), (everyone[0] - everyone[1]).abs().max()\n"
    )
    Path("program.py").write_text(program)
    options = [*FIT, "--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true"]
    finished = subprocess.run(
        [sys.executable, "program.py", *options, "--trainer.max_epochs=3"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-3000:]
