"""Every network and color space as an exported file, against PyTorch."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor

from colorgan.cli import main
from colorgan.errors import ColorganError
from colorgan.images import read_rgb
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.full_size import downscale
from colorgan.inference.hint_file import ColorHint, rasterize_hints
from colorgan.inference.onnx import export as exporting
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.onnx.export import ExportedGraph, export
from colorgan.inference.photo_colorizer import as_batch
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.generators import (
    EncoderDecoder,
    EncoderUNet,
    FlatUNet,
    Generator,
    Pix2PixUNet,
    PlainCNN,
    UNet,
    WeirdNet,
)
from colorgan.models.hints import NoHints, PointHints

PHOTO = exporting.SAMPLE_PHOTOS / "val" / "bridge_00.jpg"
SIZES = [(96, 128), (45, 67), (1, 1), (17, 5), (130, 64)]


def colorizer(make: Any, color_space: ColorSpace, hinted: bool = False, size: int = 48) -> Colorizer:
    """With random weights, and batch statistics as of a network that has been trained for a while."""
    torch.manual_seed(0)
    hints = PointHints() if hinted else NoHints()
    model = Colorizer(make(1 + hints.channels(color_space.channels), color_space.channels), color_space, hints, size)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval().requires_grad_(False)


def photos(height: int, width: int, count: int = 3) -> np.ndarray:
    """Views of a real photo, so that they differ."""
    photo = read_rgb(PHOTO)
    return as_batch([downscale(np.roll(photo, 31 * number, axis=1), (height, width)) for number in range(count)])


def dots(height: int, width: int, count: int = 3) -> np.ndarray:
    small = downscale(read_rgb(PHOTO), (height, width))
    hints = [ColorHint(0.3 * width, 0.6 * height, "firebrick", 3), ColorHint(0.8 * width, 0.1 * height, "navy", 5)]
    return np.repeat(rasterize_hints(hints, (width, height), small)[None], count, axis=0)


def colorized(original: Colorizer, rgb: np.ndarray, hints: np.ndarray | None = None) -> np.ndarray:
    """What PyTorch makes of small pictures, (B, 3, h, w)."""
    own = None if hints is None else original.hints.from_lab(torch.from_numpy(hints), original.color_space)
    return original(torch.from_numpy(rgb), own).numpy()


def assert_equal_to_pytorch(original: Colorizer, exported: OnnxColorizer, within: float = 1.0) -> None:
    # a single pixel has no contrast: divided by its standard deviation, what remains are rounding errors (PyTorch's own
    # answers in 32 and in 64 bits differ by 113/255)
    normalized = any(isinstance(module, torch.nn.InstanceNorm2d) for module in original.modules())
    for height, width in [size for size in SIZES if size != (1, 1) or not normalized]:
        rgb = photos(height, width)
        for hints in (None, dots(height, width)) if original.takes_hints else (None,):
            difference = np.abs(exported.colorize_small(rgb, hints) - colorized(original, rgb, hints)) * 255
            assert difference.max() <= within, f"{difference.max():.3g}/255 at {height} x {width}"
            ab = np.abs(exported.run_network(rgb, hints) - original.run_network(rgb, hints))
            assert ab.max() <= within, f"{ab.max():.3g} of a* or b* at {height} x {width}"


NETWORKS: dict[str, tuple[Any, ColorSpace, bool]] = {
    "UNet": (lambda i, o: UNet(i, o, width=4, depth=2, norm="instance"), HSV("vector"), True),
    "UNet, resize": (lambda i, o: UNet(i, o, width=4, depth=2, upsampling="resize"), HSV("angle", "value"), False),
    "Pix2PixUNet": (lambda i, o: Pix2PixUNet(i, o, width=4, depth=3, upsampling="pixel_shuffle"), YCbCr(), False),
    "FlatUNet": (lambda i, o: FlatUNet(i, o, width=4, depth=2), RGB(), True),
    "EncoderDecoder": (lambda i, o: EncoderDecoder(i, o, width=4, depth=3, mean_color=True), RGB(), False),
    "PlainCNN": (lambda i, o: PlainCNN(i, o), Lab(127.0), False),
    "WeirdNet": (lambda i, o: WeirdNet(i, o, widths=[2, 3]), YCbCr(), True),
    "EncoderUNet, attention": (
        lambda i, o: EncoderUNet(i, o, encoder="resnet10t", width=4, depth=2, norm="none", attention=True),
        Lab(),
        False,
    ),
}


QUICK = ("EncoderDecoder", "Pix2PixUNet", "WeirdNet")
"""Networks whose test takes a few seconds."""


def test_no_generator_is_forgotten() -> None:
    made = {type(make(1, 2)) for make, _, _ in NETWORKS.values()}
    import colorgan.models.generators as shipped

    assert made == {
        cls
        for cls in vars(shipped).values()
        if isinstance(cls, type) and issubclass(cls, Generator) and cls is not Generator
    }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NETWORKS]
)
def test_every_network_and_color_space_equals_pytorch_at_every_size(name: str, tmp_path: Path) -> None:
    make, color_space, hinted = NETWORKS[name]
    original = colorizer(make, color_space, hinted)
    parity = export(original, tmp_path / "model.onnx")
    assert parity.greatest < 0.5
    assert_equal_to_pytorch(original, OnnxColorizer(tmp_path / "model.onnx"))


# -- precisions, and the file ------------------------------------------------------------------------------------------


def export_all(original: Colorizer, folder: Path) -> dict[str, Path]:
    """A released model, and the three files that the command makes of it."""
    original.save_pretrained(folder / "released", card="# tiny\n\nColors.", half=False)
    for precision, option in (("float32", []), ("half", ["--half"]), ("int8", ["--quantize"])):
        words = ["export", "--checkpoint", str(folder / "released"), "-o", str(folder / f"{precision}.onnx"), *option]
        assert main(words) == 0
    return {file.stem: file for file in folder.glob("*.onnx")} | {"released": folder / "released"}


def check_precisions(original: Colorizer, files: dict[str, Path]) -> None:
    assert_equal_to_pytorch(original, OnnxColorizer(files["float32"]))
    rgb, hints = photos(96, 128), dots(96, 128)
    expected = colorized(original, rgb, hints)
    strength = np.abs(expected - rgb.mean(1, keepdims=True)).mean() * 255
    for precision, greatest, mean in (("half", 8.0, 0.5), ("int8", 255.0, 4.0)):
        difference = np.abs(OnnxColorizer(files[precision]).colorize_small(rgb, hints) - expected) * 255
        assert difference.max() <= greatest
        assert 0 < difference.mean() <= mean
        assert difference.mean() < strength / 4  # what it says is still what the model says
        assert files[precision].stat().st_size < files["float32"].stat().st_size


@pytest.fixture(scope="module")
def small() -> Colorizer:
    return colorizer(lambda i, o: UNet(i, o, width=8, depth=2), Lab(), True)


@pytest.fixture(scope="module")
def files(small: Colorizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return export_all(small, tmp_path_factory.mktemp("small"))


def test_every_precision_stays_near_pytorch(small: Colorizer, files: dict[str, Path]) -> None:
    check_precisions(small, files)


@pytest.mark.slow
def test_the_kind_of_model_that_ships(tmp_path: Path) -> None:
    original = colorizer(
        lambda i, o: EncoderUNet(i, o, encoder="tf_efficientnet_lite0", weights="package", width=16, depth=4),
        Lab(),
        True,
        size=128,
    )
    files = export_all(original, tmp_path)
    check_precisions(original, files)
    sizes = {name: files[name].stat().st_size for name in ("float32", "half", "int8")}
    assert sizes["half"] < 0.6 * sizes["float32"]
    assert sizes["int8"] < 0.4 * sizes["float32"]


def test_hints_count(files: dict[str, Path]) -> None:
    """The parity above would also hold of a graph in which hints do nothing, if they did nothing in PyTorch."""
    rgb, hints = photos(45, 67), dots(45, 67)
    exported = OnnxColorizer(files["float32"])
    assert np.abs(exported.run_network(rgb, hints) - exported.run_network(rgb)).max() > 5


def test_the_file_says_what_it_is_and_nothing_of_this_machine(files: dict[str, Path]) -> None:
    exported = OnnxColorizer(files["half"])
    assert (exported.size, exported.takes_hints) == (48, True)
    assert exported.card == "# tiny\n\nColors."
    assert exported.about["precision"] == "half"
    assert exported.about["color_space"] == {"class_path": "colorgan.models.Lab", "init_args": {}}
    model = onnx.load(files["half"])
    onnx.checker.check_model(model, full_check=True)
    shapes = [
        [dim.dim_param or dim.dim_value for dim in entry.type.tensor_type.shape.dim] for entry in model.graph.input
    ]
    assert shapes == [["batch", 3, "height", "width"], ["batch", 4, "height", "width"]]
    assert [entry.name for entry in model.graph.output] == ["colorized", "ab"]
    assert str(Path(exporting.__file__).parent).encode() not in files["half"].read_bytes()


def test_the_command_colors_as_from_the_checkpoint(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('{"hints": [{"x": 50, "y": 60, "color": "seagreen", "radius": 9}]}')
    for name in ("float32", "released"):
        words = ["colorize", PHOTO, "-o", tmp_path / f"{name}.png", "--checkpoint", files[name]]
        assert main([str(word) for word in [*words, "--hints", tmp_path / "hints.json", "--device", "cpu"]]) == 0
    one, other = (read_rgb(tmp_path / f"{name}.png").astype(int) for name in ("float32", "released"))
    assert np.abs(one - other).max() <= 1
    assert np.ptp(one, axis=-1).max() > 10


def test_a_program_of_torch_export(tmp_path: Path) -> None:
    original = colorizer(lambda i, o: UNet(i, o, width=4, depth=2), Lab(), True)
    assert export(original, tmp_path / "model.pt2").greatest < 1e-3
    extra = {"colorgan.json": ""}
    graph = torch.export.load(tmp_path / "model.pt2", extra_files=extra).module(check_guards=False)
    assert '"size": 48' in extra["colorgan.json"]
    for height, width in SIZES:
        rgb, hints = photos(height, width), dots(height, width)
        rgb_out, ab = graph(torch.from_numpy(rgb), torch.from_numpy(hints))
        np.testing.assert_allclose(rgb_out, colorized(original, rgb, hints), atol=1e-5)
        np.testing.assert_allclose(ab, original.run_network(rgb, hints), atol=1e-3)


# -- what cannot be done is said ---------------------------------------------------------------------------------------


class Fixed(UNet):
    """A network for one size."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(-1, 3, 48, 48)[:, :1])


def test_a_network_of_a_fixed_size_is_refused(tmp_path: Path) -> None:
    original = Colorizer(Fixed(1, 2, width=4, depth=2)).eval()
    with pytest.raises(ColorganError, match="Fixed cannot be exported for pictures of any size") as caught:
        export(original, tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = colorizer(lambda i, o: PlainCNN(i, o), Lab())
    (tmp_path / "model.onnx").write_bytes(b"the one before")
    monkeypatch.setattr(
        ExportedGraph, "forward", lambda self, rgb: (self.network(rgb).clamp(max=0.5), self.network.predict_ab(rgb))
    )
    with pytest.raises(ColorganError, match=r"model.onnx was not written: it would differ from PyTorch by \d+/255"):
        export(original, tmp_path / "model.onnx")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"the one before"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["-o", "model.tflite"], 1, "model.tflite: a model is exported to a file ending in .onnx or .pt2"),
        (["-o", "model.pt2", "--quantize"], 1, "weights of 8 bits are for ONNX; choose a file name ending in .onnx"),
        (["-o", "there.onnx"], 1, "there.onnx is there already; choose another name or say --overwrite"),
        (["-o", "a.onnx", "--half", "--quantize"], 2, "not allowed with argument --half"),
        ([], 2, "required: -o/--output"),
        (["-o", "a.onnx", "--checkpoint", "other.onnx"], 1, "other.onnx is exported already"),
    ],
)
def test_wrong_usage_gives_a_sentence(
    words: list[str],
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.onnx").write_bytes(b"")
    try:
        found = main(["export", *words])
    except SystemExit as end:
        found = int(end.code or 0)
    captured = capsys.readouterr()
    assert found == code
    assert sentence in captured.err
    assert len([line for line in captured.err.splitlines() if line.startswith("error: ")]) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["there.onnx"]


def test_missing_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(ColorganError, match=r"needs onnxscript: pip install 'colorgan\[export\]'"):
        export(colorizer(lambda i, o: PlainCNN(i, o), Lab()), tmp_path / "model.onnx")


def test_coloring_from_onnx_imports_no_torch(files: dict[str, Path], tmp_path: Path) -> None:
    words = ["colorize", str(PHOTO), "-o", str(tmp_path / "out.png"), "--checkpoint", str(files["float32"])]
    code = f"""
import sys
from colorgan.cli import main
assert main({words!r}) == 0
loaded = {{name.partition(".")[0] for name in sys.modules}} & {{"torch", "kornia", "timm", "lightning", "onnx", "yaml"}}
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").is_file()
