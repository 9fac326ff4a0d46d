"""Training on a GPU: precision, resuming on another device, photos that stay on the device, compiled networks."""

from pathlib import Path

import pytest
import torch

from colorgan.cli import main
from colorgan.cli.trainer import train
from colorgan.data.device import DeviceLoader
from colorgan.inference import checkpoint
from colorgan.training.precision import choose_precision
from tests.gpu.conftest import Fit, logged
from tests.helpers import CONFIGS

pytestmark = pytest.mark.gpu

FLOAT32 = "--trainer.precision=32-true"


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_fit_in_mixed_precision_keeps_weights_and_statistics_in_float32(
    precision: str, device: torch.device, fit_on: Fit
) -> None:
    """And its losses are those of float32, but for rounding."""
    if precision == "16-mixed" and device.type == "cpu":
        pytest.skip("no float16 on the CPU")
    mixed, exact = (
        fit_on(device, f"--trainer.precision={kind}", name=name)
        for kind, name in ((precision, "mixed"), ("32-true", "exact"))
    )
    contents = checkpoint.read(mixed / "checkpoints" / "last.ckpt")
    assert contents["precision"] == precision
    tensors = dict(contents["state_dict"])
    assert any("running_var" in name for name in tensors)
    for number, state in enumerate(contents["optimizer_states"]):
        tensors |= {
            f"{number} {index} {name}": value
            for index, values in state["state"].items()
            for name, value in values.items()
        }
    floating = {name: value for name, value in tensors.items() if value.is_floating_point()}
    assert {value.dtype for value in floating.values()} == {torch.float32}
    assert all(value.isfinite().all() for value in floating.values())
    # float16 skips the first steps, until the scale of the loss fits, so its losses fall later
    tolerances = (0.15, 0.15, 0.1, 0.05) if precision == "16-mixed" else (0.02, 0.05, 0.02, 0.02)
    for metric, tolerance in zip(("train/l1", "train/discriminator", "val/l1", "val/psnr"), tolerances, strict=True):
        values, expected = logged(mixed, metric), logged(exact, metric)
        assert len(values) >= 2
        assert values == pytest.approx(expected, rel=tolerance), metric


def test_auto_precision_is_mixed_on_a_gpu(cuda: torch.device) -> None:
    ampere = torch.cuda.get_device_capability() >= (8, 0)
    assert choose_precision("gpu").name == ("bf16-mixed" if ampere else "16-mixed")


def test_run_continues_on_another_device_and_back(device: torch.device, fit_on: Fit, place: Path) -> None:
    """CPU, GPU, CPU, one epoch each, against three epochs on the CPU."""
    cpu = torch.device("cpu")
    expected = logged(fit_on(cpu, FLOAT32, "--trainer.max_epochs=3", name="whole"), "val/l1")
    run = fit_on(cpu, FLOAT32, "--trainer.max_epochs=1", name="moved")
    for epochs, where in ((2, device), (3, cpu)):
        last = f"--ckpt_path={run / 'checkpoints' / 'last.ckpt'}"
        assert fit_on(where, FLOAT32, f"--trainer.max_epochs={epochs}", last, name="moved") == run
    assert logged(run, "val/l1") == pytest.approx(expected, rel=5e-3)
    assert len(logged(run, "train/generator")) == 9


def test_run_in_float16_skips_few_steps(cuda: torch.device, fit_on: Fit) -> None:
    """Those whose scaled gradients overflow, until the scale fits; clipping sees unscaled gradients."""
    options = ("--trainer.precision=16-mixed", "--trainer.max_epochs=4", "--model.gradient_clip=0.5")
    last = checkpoint.read(fit_on(cuda, *options) / "checkpoints" / "last.ckpt")
    for optimizer in last["optimizer_states"]:
        steps = {int(state["step"]) for state in optimizer["state"].values()}
        assert len(steps) == 1
        assert 6 <= steps.pop() <= 12
    assert last["MixedPrecision"]["scale"] >= 64


@pytest.mark.parametrize("augmented", [False, True])
def test_photos_stay_on_the_gpu_where_only_flips_are_computed(cuda: torch.device, place: Path, augmented: bool) -> None:
    options = ["-c", "tiny.yaml", "--trainer.accelerator=gpu", "--trainer.max_epochs=1"]
    if augmented:
        options.append("--data.train_transforms=[{class_path: torchvision.transforms.v2.ColorJitter}]")
    command = train(["fit", *options])
    loader = command.trainer.train_dataloader
    assert isinstance(loader, DeviceLoader) != augmented
    (batch, *_) = iter(loader)
    assert batch["rgb"].is_cuda != augmented
    assert isinstance(command.trainer.val_dataloaders, DeviceLoader)


def test_metrics_do_not_depend_on_where_the_photos_are_kept(device: torch.device, fit_on: Fit) -> None:
    one, other = (
        fit_on(device, FLOAT32, f"--data.on_device={choice}", name=f"on_device_{choice}")
        for choice in ("true", "false")
    )
    for metric in ("train/generator", "train/discriminator", "val/l1"):
        assert logged(one, metric) == pytest.approx(logged(other, metric), rel=1e-3), metric


@pytest.mark.parametrize("mode", ["true", "reduce-overhead"])
def test_compiled_networks_learn_what_others_do(mode: str, device: torch.device, fit_on: Fit) -> None:
    """With CUDA graphs, too, which write the colors of each batch to the memory of the last one."""
    options = (
        FLOAT32, "--trainer.limit_val_batches=0", "--trainer.callbacks=[]", "--model.ema_decay=0",
        "--model.generator.depth=1", "--model.discriminator.num_downsamples=1",
    )  # fmt: skip
    plain, compiled = (
        fit_on(device, f"--model.compile={choice}", *options, name=f"compile_{choice}") for choice in ("false", mode)
    )
    for metric in ("train/l1", "train/discriminator", "train/adversarial"):
        values = logged(compiled, metric)
        assert len(values) == 6
        assert values == pytest.approx(logged(plain, metric), rel=0.02), metric


def test_all_gpus_of_a_machine_with_one(cuda: torch.device, fit_on: Fit) -> None:
    """DDP over NCCL with one process, and the layers that normalize over processes."""
    expected = logged(fit_on(cuda, FLOAT32, name="plain"), "val/l1")
    try:
        run = fit_on(cuda, "-c", str(CONFIGS / "hardware" / "multi_gpu.yaml"), FLOAT32, name="ddp")
    finally:
        if torch.distributed.is_initialized():  # Lightning leaves it to the end of the process
            torch.distributed.destroy_process_group()
    assert logged(run, "val/l1") == pytest.approx(expected, rel=5e-3)


def test_rates_are_searched_on_the_gpu(device: torch.device, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    args = ["lr-find", "-c", "tiny.yaml", f"--trainer.accelerator={accelerator}", "--data.batch_size=4"]
    assert main(args) == 0
    assert "learning rate" in capsys.readouterr().out
