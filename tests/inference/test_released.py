from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from colorgan.cli.release import main
from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import digest
from colorgan.inference import open_model, shipped
from colorgan.inference.card import ModelCard
from colorgan.inference.colorizer import Colorizer
from colorgan.models.color_spaces import HSV, Lab
from colorgan.models.generators import EncoderUNet, UNet
from colorgan.models.hints import PointHints

CARD = ModelCard(
    name="tiny",
    summary="Colors photos.",
    license="Apache-2.0",
    data=["sample photos"],
    training="Two steps on two cores.",
    evaluation="On ten held-out photos.",
    figures={"PSNR, dB": {"this model": 23.456, "gray": 21.5}, "ΔE": {"this model": 9.0}},
    limits=["It guesses."],
)


@pytest.fixture
def colorizer() -> Colorizer:
    torch.manual_seed(0)
    return Colorizer(UNet(4, 2, width=4, depth=2), HSV("vector"), PointHints(max_points=7), size=24).eval()


@pytest.fixture
def folder(colorizer: Colorizer, tmp_path: Path) -> Path:
    colorizer.save_pretrained(tmp_path / "tiny", CARD.markdown())
    return tmp_path / "tiny"


def rewrite(folder: Path, **changes: object) -> None:
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**config, **changes}))


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)


def test_what_is_saved_is_what_is_loaded(colorizer: Colorizer, tmp_path: Path) -> None:
    colorizer.save_pretrained(tmp_path, half=False)
    loaded = Colorizer.from_pretrained(tmp_path)
    assert (loaded.size, loaded.hints.init_args, loaded.color_space.init_args) == (24, {"max_points": 7}, {"hue": "vector"})
    assert not loaded.training
    np.testing.assert_array_equal(loaded.colorize(photo()), colorizer.colorize(photo()))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.yaml", "model.safetensors"]


def test_half_the_bytes_give_nearly_the_same_colors(colorizer: Colorizer, folder: Path, tmp_path: Path) -> None:
    colorizer.save_pretrained(tmp_path / "full", half=False)
    sizes = [(place / "model.safetensors").stat().st_size for place in (folder, tmp_path / "full")]
    assert sizes[0] < 0.7 * sizes[1]
    loaded = Colorizer.from_pretrained(folder)
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32, torch.int64}
    difference = loaded.colorize(photo()).astype(int) - colorizer.colorize(photo())
    assert np.abs(difference).max() <= 2


def test_a_weight_too_large_for_16_bits_keeps_32(colorizer: Colorizer, tmp_path: Path) -> None:
    with torch.no_grad():
        weight = next(parameter for parameter in colorizer.generator.parameters() if parameter.ndim > 1)
        weight[0] = 1e5
    colorizer.save_pretrained(tmp_path)
    assert Colorizer.from_pretrained(tmp_path).state_dict()["generator." + _name(colorizer, weight)].max() == 1e5


def _name(colorizer: Colorizer, weight: torch.Tensor) -> str:
    return next(name for name, parameter in colorizer.generator.named_parameters() if parameter is weight)


def test_an_encoder_is_rebuilt_without_its_pretrained_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = EncoderUNet(1, 2, encoder="tf_efficientnet_lite0", weights="package", width=4, depth=2)
    Colorizer(generator, Lab(), size=32).save_pretrained(tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("pretrained weights were asked for")

    monkeypatch.setattr("colorgan.models.encoders.building.efficientnet_lite0_file", refuse)
    loaded = Colorizer.from_pretrained(tmp_path)
    given, kept = (next(network.parameters()) for network in (generator, loaded.generator))
    torch.testing.assert_close(kept, given, atol=1e-3, rtol=1e-3)


def test_the_number_of_channels_is_not_written_down(folder: Path) -> None:
    assert "channels" not in (folder / "config.yaml").read_text()


def test_the_card_is_readable_by_people_and_by_the_hub(folder: Path, tmp_path: Path) -> None:
    text = (folder / "README.md").read_text()
    _, matter, body = text.split("---\n", 2)
    assert yaml.safe_load(matter)["license"] == "apache-2.0"
    for part in (
        "# tiny",
        "- sample photos",
        "Two steps",
        "| PSNR, dB | 23.456 | 21.5 |",
        "| ΔE | 9 | - |",
        "It guesses.",
    ):
        assert part in body
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(CARD.__dict__), encoding="utf-8")
    assert ModelCard.read(tmp_path / "card.yaml") == CARD
    (tmp_path / "card.yaml").write_text("name: tiny\ncolor: red\n")
    with pytest.raises(ColorganError, match=r"color.* is missing or too much"):
        ModelCard.read(tmp_path / "card.yaml")


# -- what a stranger may send ------------------------------------------------------------------------------------------


def spoil(folder: Path, what: str) -> None:
    weights, config = folder / "model.safetensors", folder / "config.yaml"
    if what == "bit":
        data = bytearray(weights.read_bytes())
        data[-5] ^= 1
        weights.write_bytes(data)
    elif what == "no weights":
        weights.unlink()
    elif what == "no config":
        config.unlink()
    elif what == "cut":
        weights.write_bytes(weights.read_bytes()[:200])
        rewrite(folder, sha256=digest(weights))
    elif what == "nan":
        state = load_file(weights)
        next(tensor for tensor in state.values() if tensor.is_floating_point()).fill_(float("nan"))
        save_file(state, weights)
        rewrite(folder, sha256=digest(weights))
    elif what == "foreign class":
        rewrite(folder, generator={"class_path": "os.system", "init_args": {"command": "ls"}})
    elif what == "wide":
        rewrite(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"width": 60_000}})
    elif what == "absurd":
        rewrite(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"width": 10**9}})
    elif what == "unknown argument":
        rewrite(folder, generator={"class_path": "colorgan.models.UNet", "init_args": {"breadth": 4}})
    elif what == "size":
        rewrite(folder, size="large")
    elif what == "format":
        rewrite(folder, format=99)
    elif what == "not yaml":
        config.write_text("a: [b")
    elif what == "python":
        config.write_text("!!python/object/apply:os.system ['true']")
    elif what == "list":
        config.write_text("- a\n")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("bit", "is damaged: its SHA-256"),
        ("no weights", "lacks model.safetensors"),
        ("no config", "is not a released model: it lacks config.yaml"),
        ("cut", "is damaged"),
        ("nan", "holds NaN"),
        ("foreign class", "os.system is not part of colorgan"),
        ("wide", "another architecture"),
        ("absurd", "asks for a network with the number 1000000000"),
        ("unknown argument", "cannot be rebuilt"),
        ("size", "size must be a whole number of pixels, received 'large'"),
        ("format", "of format 99"),
        ("not yaml", "is damaged"),
        ("python", "is damaged"),
        ("list", "is not the configuration of a released model"),
    ],
)
def test_a_spoiled_model_is_refused_in_one_sentence(folder: Path, what: str, sentence: str) -> None:
    spoil(folder, what)
    with pytest.raises(CheckpointError, match=sentence) as error:
        Colorizer.from_pretrained(folder)
    assert "\n" not in str(error.value)


def test_the_hub_is_asked_for_names_that_are_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked = []

    def download(name: str, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert Colorizer.from_pretrained("someone/tiny").size == 24
    assert asked == [("someone/tiny", ["config.yaml", "model.safetensors", "README.md"])]

    def refuse(*_: object, **__: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(CheckpointError, match=r"from the Hugging Face hub \(no network\)"):
        Colorizer.from_pretrained("someone/tiny")
    with pytest.raises(CheckpointError, match="there is no folder nowhere; give one that save_pretrained wrote"):
        Colorizer.from_pretrained("nowhere")


# -- the model that ships ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["package/checkpoints", "checkpoints"])
def test_the_shipped_model_is_found_in_a_package_and_in_a_checkout(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "package")
    with pytest.raises(CheckpointError, match="came without a model: name one with --checkpoint"):
        open_model()
    colorizer.save_pretrained(tmp_path / place / shipped.SHIPPED)
    for opened in (open_model(), Colorizer.from_pretrained(), Colorizer.from_checkpoint()):
        assert opened.size == 24
    assert open_model(tmp_path / place / shipped.SHIPPED / "model.safetensors").size == 24


def test_a_release_is_made_of_a_checkpoint(tmp_path: Path, tiny_model, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.training.checkpoints import CheckpointFiles

    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "model.ckpt")
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(CARD.__dict__), encoding="utf-8")
    words = [str(tmp_path / "model.ckpt"), "-o", str(tmp_path / "out"), "--card", str(tmp_path / "card.yaml")]
    assert main(words) == 0
    assert "MB" in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "README.md",
        "card.yaml",
        "config.yaml",
        "model.safetensors",
    ]
    assert Colorizer.from_checkpoint(tmp_path / "out").size == model.inference.size
    with pytest.raises(ColorganError, match="holds a model already"):
        main(words)
    assert main([*words, "--overwrite", "--full"]) == 0
    in_place = [*words[:-1], str(tmp_path / "out" / "card.yaml"), "--overwrite"]  # as the card of the model that ships
    assert main(in_place) == 0
    assert (tmp_path / "out" / "card.yaml").read_text(encoding="utf-8") == (tmp_path / "card.yaml").read_text("utf-8")
