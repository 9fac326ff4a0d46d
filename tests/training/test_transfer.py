import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.inference.checkpoint import read, read_network
from colorgan.inference.released import read_released, write_released
from colorgan.models.color_spaces import HSV
from colorgan.models.config import to_config
from colorgan.models.discriminators import PatchGAN
from colorgan.models.generators import EncoderUNet
from colorgan.models.hints import PointHints
from colorgan.training.gan import ColorGAN
from colorgan.training.transfer import transfer

Make = Callable[..., Any]
State = dict[str, torch.Tensor]


@pytest.fixture
def save(tiny_model: Make, fit: Make, tmp_path: Path) -> Callable[..., Path]:
    """Trains for a moment and saves."""

    def run(name: str = "first.ckpt", **changes: Any) -> Path:
        fit(tiny_model(**changes), limit_val_batches=0).save_checkpoint(tmp_path / name)
        return tmp_path / name

    return run


def state_of(file: Path) -> State:
    state: State = read(file)["state_dict"]
    return state


def same(own: State, other: State, prefix: str) -> set[str]:
    """Names below a prefix whose tensors are equal."""
    return {
        name
        for name, tensor in own.items()
        if name.startswith(prefix) and name in other and torch.equal(tensor, other[name])
    }


def below(state: State, prefix: str) -> set[str]:
    return {name for name in state if name.startswith(prefix)}


def test_identical_networks_load_every_tensor(save: Callable[..., Path], tiny_model: Make) -> None:
    first = state_of(save())
    model = tiny_model(init_from=str(save()))
    own = model.state_dict()
    for prefix in ("colorizer.generator.", "discriminator."):
        assert same(own, first, prefix) == below(own, prefix)
    assert model.hparams["init_from"] == str(save())


def test_every_tensor_is_accounted_for_by_name(save: Callable[..., Path], tiny_model: Make) -> None:
    encoder = functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3)
    first = save(generator=encoder)
    model = tiny_model(generator=functools.partial(encoder, width=8), hints=PointHints())
    fresh = model.state_dict()
    found = transfer(str(first), model.colorizer.generator, model.discriminator)
    stored, own = state_of(first), model.state_dict()

    assert not found.remarks
    refused = {line.split(" ")[0] for line in found.unused}
    networks = below(stored, "colorizer.generator.") | below(stored, "discriminator.")
    assert set(found.loaded) | refused == networks
    assert not set(found.loaded) & refused
    assert all(torch.equal(own[name], stored[name]) for name in found.loaded)
    assert set(found.fresh) == set(below(own, "colorizer.generator.")) - set(found.loaded)
    assert all(torch.equal(own[name], fresh[name]) for name in found.fresh)
    assert any(".hints." in name for name in found.fresh)
    assert all(line.startswith("colorizer.generator.l") and "this model needs" in line for line in found.unused)
    text = str(found)
    for name in (*refused, *found.fresh):
        assert name in text


def test_generator_with_hints_loads_all_tensors_of_one_without(save: Callable[..., Path], tiny_model: Make) -> None:
    encoder = functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3)
    first = save(generator=encoder)
    second = tiny_model(generator=encoder, hints=PointHints(), init_from=str(first)).eval()
    photo = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(second.inference(photo), ColorGAN.load_from_checkpoint(first).eval().inference(photo))


def test_transferred_generator_predicts_the_same_without_hints(save: Callable[..., Path], tiny_model: Make) -> None:
    """From a model with hints to one with hints of another kind: nothing is lost."""
    first = save(hints=PointHints())
    second = tiny_model(hints=PointHints(max_points=3), init_from=str(first))
    photo = torch.rand(1, 3, 16, 16)
    expected = ColorGAN.load_from_checkpoint(first).eval().inference(photo)
    torch.testing.assert_close(second.eval().inference(photo), expected)


def test_discriminator_is_loaded_completely_or_not_at_all(save: Callable[..., Path], tiny_model: Make) -> None:
    first = save()
    wider = functools.partial(PatchGAN, width=4, num_downsamples=3)
    model, untouched = tiny_model(discriminator=wider), tiny_model(discriminator=wider)
    found = transfer(str(first), model.colorizer.generator, model.discriminator)
    own, fresh = model.state_dict(), untouched.state_dict()
    assert same(own, fresh, "discriminator.") == below(own, "discriminator.")
    assert {line.split(" ")[0] for line in found.unused} == below(state_of(first), "discriminator.")
    assert any("fits, but other tensors of its network do not" in line for line in found.unused)
    assert set(found.fresh) == below(own, "discriminator.")


def test_transfer_between_gan_and_plain_regression(save: Callable[..., Path], tiny_model: Make) -> None:
    gan, regression = save("gan.ckpt"), save("alone.ckpt", discriminator=None)
    alone = tiny_model(discriminator=None)
    found = transfer(str(gan), alone.colorizer.generator)
    assert all("this model has no discriminator" in line for line in found.unused)
    assert str(found).endswith(f"\n  {len(found.unused)} of the discriminator (this model has no discriminator)")
    judged = tiny_model()
    found = transfer(str(regression), judged.colorizer.generator, judged.discriminator)
    assert not found.unused
    fresh = below(judged.state_dict(), "discriminator.")
    assert set(found.fresh) == fresh
    assert str(found).endswith(f"tensors of this model keep their initial values:\n  {len(fresh)} of the discriminator")


def test_moving_average_is_loaded_if_there_is_one(save: Callable[..., Path], tiny_model: Make) -> None:
    file = save(ema_decay=0.9)
    stored = state_of(file)
    model = tiny_model(init_from=str(file), ema_decay=0.9)
    own = model.state_dict()
    for name in below(own, "colorizer.generator."):
        inner = name.removeprefix("colorizer.")
        assert torch.equal(own[name], stored[f"average.module.{inner}"])
        assert torch.equal(own[f"average.module.{inner}"], own[name])
    assert int(own["average.n_averaged"]) == 0  # the new average begins there
    names = [name for name in below(own, "colorizer.generator.") if "weight" in name]
    assert any(not torch.equal(stored[name], own[name]) for name in names)


def test_released_model_initializes_the_generator(save: Callable[..., Path], tiny_model: Make, tmp_path: Path) -> None:
    first = save(hints=PointHints())
    write_released(read_network(first), tmp_path / "released", half=False)
    stored = state_of(first)
    for source in ("released", "released/model.safetensors"):
        model = tiny_model(hints=PointHints(), init_from=str(tmp_path / source))
        own = model.state_dict()
        assert same(own, stored, "colorizer.generator.") == below(own, "colorizer.generator.")
    found = transfer(str(tmp_path / "released"), model.colorizer.generator, model.discriminator, to_config(HSV()))
    assert found.source == str(tmp_path / "released")
    assert not found.unused
    assert set(found.fresh) == below(own, "discriminator.")
    assert found.remarks == ("the checkpoint predicts Lab and this model HSV: its last layers have to be retrained",)
    (tmp_path / "released" / "config.yaml").unlink()
    with pytest.raises(CheckpointError, match="is not a released model: it lacks config.yaml"):
        tiny_model(init_from=str(tmp_path / "released"))


def test_shipped_model_initializes_generators_with_and_without_hints(tiny_model: Make) -> None:
    shipped = read_released().generator
    config = to_config(shipped)["init_args"]
    arguments = {name: value for name, value in config.items() if name not in ("in_channels", "out_channels")}
    generator = functools.partial(EncoderUNet, **{**arguments, "weights": None})
    for changes in ({}, {"hints": PointHints()}):
        model = tiny_model(generator=generator, **changes)
        found = transfer("colorgan-photos", model.colorizer.generator)
        assert not found.fresh
        assert all(".hints." in line or ".gate." in line for line in found.unused)
        assert bool(found.unused) == (not changes)


def test_pattern_selects_the_newest_file(save: Callable[..., Path], tiny_model: Make, tmp_path: Path) -> None:
    old, new = save("runs/a/best.ckpt"), save("runs/b/best.ckpt")
    generator = tiny_model().colorizer.generator
    os.utime(old, (1, 1))
    assert transfer(f"{tmp_path}/runs/*/best.ckpt", generator).source == str(new)
    os.utime(new, (0, 0))
    assert transfer(f"{tmp_path}/runs/*/best.ckpt", generator).source == str(old)


def test_unusable_sources_are_refused(save: Callable[..., Path], tiny_model: Make, tmp_path: Path) -> None:
    first = save()
    for source, sentence in (
        (f"{tmp_path}/none/*/best.ckpt", r"no file matches .*train that run first"),
        (f"{tmp_path}/none.ckpt", r"there is no checkpoint .*none.ckpt"),
        ("https://example.org/model.ckpt", "is a URL; download the file and give"),
    ):
        with pytest.raises(CheckpointError, match=sentence):
            tiny_model(init_from=source)
    with pytest.raises(CheckpointError, match="nothing in .* fits EncoderUNet"):
        tiny_model(init_from=str(first), generator=functools.partial(EncoderUNet, encoder="test_resnet", width=4))
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 4
    first.write_bytes(data)
    with pytest.raises(CheckpointError, match="is damaged"):
        tiny_model(init_from=str(first))


def test_different_color_space_is_reported(save: Callable[..., Path], tiny_model: Make) -> None:
    file = save()
    model = tiny_model(color_space=HSV())
    found = transfer(str(file), model.colorizer.generator, model.discriminator, model.hparams["color_space"])
    assert "the checkpoint predicts Lab and this model HSV" in str(found)


def test_init_from_is_not_read_when_a_checkpoint_is_loaded(
    save: Callable[..., Path], tiny_model: Make, fit: Make, tmp_path: Path
) -> None:
    first = save()
    model = tiny_model(init_from=str(first))
    fit(model, limit_val_batches=0).save_checkpoint(tmp_path / "second.ckpt")
    first.unlink()
    loaded = ColorGAN.load_from_checkpoint(tmp_path / "second.ckpt")
    contents = torch.load(tmp_path / "second.ckpt", weights_only=True)
    assert contents["hyper_parameters"]["init_from"] == str(first)
    assert type(contents["hyper_parameters"]["init_from"]) is str
    own = loaded.state_dict()
    assert all(torch.equal(own[name], value) for name, value in contents["state_dict"].items())


def test_init_from_on_the_command_line_then_resume(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from colorgan.cli import main

    monkeypatch.chdir(tmp_path)
    options = [
        *("--data.size=16", "--data.limit=16", "--data.batch_size=4", "--data.num_workers=0"),
        *("--model.generator=UNet", "--model.generator.width=4", "--model.generator.depth=2"),
        *("--model.discriminator=PatchGAN", "--model.discriminator.width=4", "--model.discriminator.num_downsamples=2"),
        *("--trainer.accelerator=cpu", "--trainer.logger=false", "--trainer.enable_progress_bar=false"),
        *("--trainer.limit_val_batches=0", "--trainer.callbacks=LastCheckpoint"),
    ]
    assert main(["fit", *options, "--name=one", "--trainer.max_epochs=1"]) == 0
    (first,) = Path("checkpoints/one").glob("*/checkpoints/last.ckpt")
    pattern = "checkpoints/one/*/checkpoints/last.ckpt"
    capsys.readouterr()
    assert main(["fit", *options, "--name=two", "--trainer.max_epochs=1", f"--model.init_from={pattern}"]) == 0
    first_line = capsys.readouterr().err.split("\n")[0]
    assert first_line == f"note: the generator starts with the weights of {pattern}, not from scratch (init_from)"
    assert f"tensors were loaded from {first}" in caplog.text
    first.unlink()
    assert main(["fit", *options, "--name=two", "--trainer.max_epochs=2", "--ckpt_path=last"]) == 0
    assert "not from scratch" not in capsys.readouterr().err
    (second,) = Path("checkpoints/two").glob("*/checkpoints/last.ckpt")
    assert main(["validate", f"--ckpt_path={second}", "--data.size=16", "--data.limit=16"]) == 0
    assert main(["fit", *options, "--name=three", f"--model.init_from={pattern}"]) == 1
    assert f"no file matches {pattern}" in capsys.readouterr().err
