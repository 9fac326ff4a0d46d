import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.inference.checkpoint import hyper_parameters, read
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import losses
from colorgan.models.color_spaces import HSV
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable

Make = Callable[..., Any]


class Incomplete(Trainable):
    """Does not say which network it trains."""


def test_a_subclass_must_name_its_network() -> None:
    with pytest.raises(TypeError, match=r"abstract.* trained_network"):
        Incomplete()  # type: ignore[abstract]


def test_default_arguments_are_plain_data() -> None:
    defaults = ColorGAN.default_arguments()
    assert json.loads(json.dumps(defaults)) == defaults
    assert defaults["color_space"] == {"class_path": "colorgan.models.Lab", "init_args": {}}
    assert defaults["generator"] == {"class_path": "colorgan.models.UNet"}
    assert defaults["reconstruction_weight"] == 100.0


@pytest.fixture
def saved(tiny_model: Make, fit: Make, tmp_path: Path) -> Path:
    file = tmp_path / "model.ckpt"
    fit(tiny_model(color_space=HSV(hue="angle"), adversarial=losses.Hinge())).save_checkpoint(file)
    return file


def test_hyper_parameters_are_plain_data(saved: Path) -> None:
    contents = torch.load(saved, weights_only=True)
    assert json.loads(json.dumps(contents["hyper_parameters"])) == contents["hyper_parameters"]
    assert contents["hyper_parameters"]["color_space"] == {
        "class_path": "colorgan.models.HSV",
        "init_args": {"hue": "angle"},
    }
    prefixes = {name.split(".")[0] for name in contents["state_dict"]}
    assert prefixes == {"colorizer", "discriminator"}  # and no network of a metric


def test_load_from_checkpoint_gives_the_same_model(saved: Path) -> None:
    model = ColorGAN.load_from_checkpoint(saved)
    contents = read(saved)
    assert model.hparams["color_space"] == hyper_parameters(contents)["color_space"]
    assert isinstance(model.color_space, HSV)
    assert model.color_space.hue == "angle"
    assert all(torch.equal(value, contents["state_dict"][name]) for name, value in model.state_dict().items())
    photo = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(model.eval().inference(photo), TorchColorizer.from_checkpoint(saved)(photo))


def altered(saved: Path, **hyper: Any) -> Path:
    contents = torch.load(saved, weights_only=True)
    contents["hyper_parameters"].update(hyper)
    file = saved.with_name("altered.ckpt")
    torch.save(contents, file)
    return file


@pytest.mark.parametrize(
    ("hyper", "sentence"),
    [
        (
            {"color_space": {"class_path": "os.system", "init_args": {"command": "touch owned"}}},
            "color_space is refused: the class os.sys",
        ),
        ({"color_space": "os.system"}, "expected class_path"),
        (
            {"generator": {"class_path": "colorgan.models.Lab"}},
            "colorgan.models.Lab is not a Generator",
        ),
        (
            {"generator": {"class_path": "colorgan.models.UNett"}},
            "has no colorgan.models.UNett; did you mean 'UNet'",
        ),
        (
            {"generator": {"class_path": "colorgan.models.UNet", "init_args": {"width": 8}}},
            "another architecture",
        ),
        ({"generator": {"class_path": "colorgan.models.UNet", "init_args": {"depht": 2}}}, "depht"),
        ({"generator_optimizer": {"class_path": "subprocess.Popen"}}, "subprocess.Popen is not part of colorgan"),
        ({"no_such": 1}, "no_such"),
    ],
)
def test_untrusted_hyper_parameters_are_refused(
    saved: Path, hyper: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    with pytest.raises(CheckpointError, match=sentence):
        ColorGAN.load_from_checkpoint(altered(saved, **hyper))
    assert not Path("owned").exists()


def test_an_enormous_network_is_refused_before_it_is_built(saved: Path) -> None:
    wide = {"class_path": "colorgan.models.UNet", "init_args": {"width": 60_000, "depth": 2}}
    with pytest.raises(CheckpointError, match="another architecture"):
        ColorGAN.load_from_checkpoint(altered(saved, generator=wide))  # float32 weights would take over 5 TB
