import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import digest
from colorgan.inference import open_model, shipped
from colorgan.inference.onnx import OnnxColorizer
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models.color_spaces import HSV, Lab
from colorgan.models.generators import EncoderUNet, UNet
from colorgan.models.hints import PointHints
from tests.helpers import REPOSITORY, run_command


@pytest.fixture
def colorizer() -> TorchColorizer:
    torch.manual_seed(0)
    return TorchColorizer(UNet(4, 2, width=4, depth=2), HSV("vector"), PointHints(max_points=7), size=24).eval()


@pytest.fixture
def folder(colorizer: TorchColorizer, tmp_path: Path) -> Path:
    colorizer.save_pretrained(tmp_path / "tiny", "# tiny")
    return tmp_path / "tiny"


def change_config(folder: Path, **changes: object) -> None:
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**config, **changes}))


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)


def test_round_trip_in_float32_is_exact(colorizer: TorchColorizer, tmp_path: Path) -> None:
    colorizer.save_pretrained(tmp_path, half=False)
    loaded = TorchColorizer.from_pretrained(tmp_path)
    assert (loaded.size, loaded.hints.init_args, loaded.color_space.init_args) == (
        24,
        {"max_points": 7},
        {"hue": "vector"},
    )
    assert not loaded.training
    np.testing.assert_array_equal(loaded.colorize(photo()), colorizer.colorize(photo()))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.yaml", "model.safetensors"]


def test_float16_weights_give_nearly_the_same_colors(colorizer: TorchColorizer, folder: Path, tmp_path: Path) -> None:
    colorizer.save_pretrained(tmp_path / "full", half=False)
    sizes = [(path / "model.safetensors").stat().st_size for path in (folder, tmp_path / "full")]
    assert sizes[0] < 0.7 * sizes[1]
    loaded = TorchColorizer.from_pretrained(folder)
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32, torch.int64}
    difference = loaded.colorize(photo()).astype(int) - colorizer.colorize(photo())
    assert np.abs(difference).max() <= 2


def test_weights_too_large_for_float16_stay_float32(colorizer: TorchColorizer, tmp_path: Path) -> None:
    with torch.no_grad():
        weight = next(parameter for parameter in colorizer.generator.parameters() if parameter.ndim > 1)
        weight[0] = 1e5
    colorizer.save_pretrained(tmp_path)
    assert TorchColorizer.from_pretrained(tmp_path).state_dict()["generator." + name_of(colorizer, weight)].max() == 1e5


def name_of(colorizer: TorchColorizer, weight: torch.Tensor) -> str:
    return next(name for name, parameter in colorizer.generator.named_parameters() if parameter is weight)


def test_encoder_is_rebuilt_without_pretrained_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = EncoderUNet(1, 2, encoder="tf_efficientnet_lite0", weights="package", width=4, depth=2)
    TorchColorizer(generator, Lab(), size=32).save_pretrained(tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("pretrained weights were requested")

    monkeypatch.setattr("colorgan.models.encoders.building.efficientnet_lite0_file", refuse)
    loaded = TorchColorizer.from_pretrained(tmp_path)
    saved_weight, loaded_weight = (next(network.parameters()) for network in (generator, loaded.generator))
    torch.testing.assert_close(loaded_weight, saved_weight, atol=1e-3, rtol=1e-3)


def test_channel_counts_are_not_written(folder: Path) -> None:
    assert "channels" not in (folder / "config.yaml").read_text()


# -- untrusted files ---------------------------------------------------------------------------------------------------


def damage(folder: Path, kind: str) -> None:
    weights, config = folder / "model.safetensors", folder / "config.yaml"
    if kind == "flipped bit":
        data = bytearray(weights.read_bytes())
        data[-5] ^= 1
        weights.write_bytes(data)
    elif kind == "no weights":
        weights.unlink()
    elif kind == "no config":
        config.unlink()
    elif kind == "truncated":
        weights.write_bytes(weights.read_bytes()[:200])
        change_config(folder, sha256=digest(weights))
    elif kind == "nan":
        state = load_file(weights)
        next(tensor for tensor in state.values() if tensor.is_floating_point()).fill_(float("nan"))
        save_file(state, weights)
        change_config(folder, sha256=digest(weights))
    elif kind == "untrusted class":
        change_config(folder, generator={"class_path": "os.system", "init_args": {"command": "ls"}})
    elif kind == "other width":
        change_config(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"width": 60_000}})
    elif kind == "absurd width":
        change_config(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"width": 10**9}})
    elif kind == "unknown argument":
        change_config(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"breadth": 4}})
    elif kind == "size":
        change_config(folder, size="large")
    elif kind == "format":
        change_config(folder, format=99)
    elif kind == "not yaml":
        config.write_text("a: [b")
    elif kind == "python":
        config.write_text("!!python/object/apply:os.system ['true']")
    elif kind == "list":
        config.write_text("- a\n")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("flipped bit", "is damaged: its SHA-256"),
        ("no weights", "lacks model.safetensors"),
        ("no config", "is not a released model: it lacks config.yaml"),
        ("truncated", "is damaged"),
        ("nan", "holds NaN"),
        ("untrusted class", "os.system is not part of colorgan"),
        ("other width", "another architecture"),
        ("absurd width", "asks for a network with the argument 1000000000"),
        ("unknown argument", "cannot be rebuilt"),
        ("size", "size must be an integer number of pixels from 1 to 2048, received 'large'"),
        ("format", "has format 99"),
        ("not yaml", "is damaged"),
        ("python", "is damaged"),
        ("list", "is not the configuration of a released model"),
    ],
)
def test_damaged_models_are_refused(folder: Path, kind: str, message: str) -> None:
    damage(folder, kind)
    with pytest.raises(CheckpointError, match=message) as error:
        TorchColorizer.from_pretrained(folder)
    assert "\n" not in str(error.value)


def test_unknown_names_are_downloaded_from_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    requests = []

    def download(name: str, allow_patterns: list[str], **options: object) -> str:
        requests.append((name, allow_patterns, options["revision"]))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert TorchColorizer.from_pretrained("someone/tiny", revision="v1").size == 24
    assert requests == [("someone/tiny", ["config.yaml", "model.safetensors", "model.onnx", "README.md"], "v1")]

    def refuse(*_: object, **__: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(CheckpointError, match=r"from the Hugging Face Hub \(no network\)"):
        TorchColorizer.from_pretrained("someone/tiny")
    with pytest.raises(CheckpointError, match="there is no folder nowhere; give a folder written by save_pretrained"):
        TorchColorizer.from_pretrained("nowhere")


def test_files_that_are_no_released_model_are_refused(folder: Path, tmp_path: Path) -> None:
    assert TorchColorizer.from_pretrained(folder / "model.safetensors").size == 24
    renamed = (folder / "model.safetensors").rename(folder / "foo.safetensors")
    for open_it in (TorchColorizer.from_pretrained, TorchColorizer.from_checkpoint, open_model):
        with pytest.raises(
            CheckpointError,
            match=r"foo\.safetensors is not a released model, which is a folder with config.yaml and model.safetensors",
        ):
            open_it(renamed)
        for missing in ("missing.safetensors", "nowhere/model.safetensors"):
            with pytest.raises(CheckpointError, match=rf"there is no file {missing}; give a folder written by"):
                open_it(missing)


# -- the shipped model -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parent", ["package/checkpoints", "checkpoints"])
def test_shipped_model_is_found_in_a_package_and_in_a_checkout(
    colorizer: TorchColorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parent: str
) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "package")
    with pytest.raises(CheckpointError, match="has no shipped model: give one as --checkpoint"):
        open_model()
    colorizer.save_pretrained(tmp_path / parent / shipped.SHIPPED)
    for opened in (open_model(), TorchColorizer.from_pretrained(), TorchColorizer.from_checkpoint()):
        assert opened.size == 24
    assert open_model(tmp_path / parent / shipped.SHIPPED / "model.safetensors").size == 24


def test_release_command_converts_a_checkpoint(
    tmp_path: Path, tiny_model, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    from colorgan.training.checkpoints import CheckpointFiles

    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "model.ckpt")
    shutil.copyfile(REPOSITORY / "checkpoints" / "colorgan-photos" / "card.yaml", tmp_path / "card.yaml")
    args = [str(tmp_path / "model.ckpt"), "-o", str(tmp_path / "out"), "--card", str(tmp_path / "card.yaml")]
    assert run_command("release", args) == 0
    assert "MB; model.onnx differs from PyTorch by at most" in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "README.md",
        "card.yaml",
        "config.yaml",
        "model.onnx",
        "model.safetensors",
    ]
    assert isinstance(open_model(tmp_path / "out"), OnnxColorizer)
    assert TorchColorizer.from_checkpoint(tmp_path / "out").size == model.inference.size
    with pytest.raises(ColorganError, match="already contains a model"):
        run_command("release", args)
    request.getfixturevalue("no_onnx_export")
    assert run_command("release", [*args, "--overwrite", "--full", "--size", "48"]) == 0
    assert TorchColorizer.from_checkpoint(tmp_path / "out").size == 48
    in_place = [*args[:-1], str(tmp_path / "out" / "card.yaml"), "--overwrite"]  # as for the shipped model
    assert run_command("release", in_place) == 0
    assert (tmp_path / "out" / "card.yaml").read_text(encoding="utf-8") == (tmp_path / "card.yaml").read_text("utf-8")
