"""Compares exported files of every network and color space with PyTorch."""

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
from colorgan.inference.hints import ColorHint, rasterize_hints
from colorgan.inference.onnx import export as exporting
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.onnx.export import ExportedGraph, export
from colorgan.inference.photo_colorizer import as_batch
from colorgan.inference.small_image import downscale
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, QuantizedLab, YCbCr
from colorgan.models.generators import (
    EncoderDecoder,
    EncoderUNet,
    FlatUNet,
    Generator,
    Pix2PixUNet,
    PlainCNN,
    QueryUNet,
    UNet,
    WeirdNet,
)
from colorgan.models.hints import NoHints, PointHints

PHOTO = exporting.SAMPLE_PHOTOS / "val" / "bridge_00.jpg"
SIZES = [(96, 128), (45, 67), (1, 1), (17, 5), (130, 64)]


def make_colorizer(make: Any, color_space: ColorSpace, hinted: bool = False, size: int = 48) -> TorchColorizer:
    """Creates a colorizer with random weights and batch statistics, as if it had been trained."""
    torch.manual_seed(0)
    hints = PointHints() if hinted else NoHints()
    channels = 1 + hints.channels(color_space.channels), color_space.output_channels
    model = TorchColorizer(make(*channels), color_space, hints, size)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval().requires_grad_(False)


def make_photos(height: int, width: int, count: int = 3) -> np.ndarray:
    """Shifted copies of a photo, (count, 3, h, w)."""
    photo = read_rgb(PHOTO)
    return as_batch([downscale(np.roll(photo, 31 * number, axis=1), (height, width)) for number in range(count)])


def make_hints(height: int, width: int, count: int = 3) -> np.ndarray:
    small = downscale(read_rgb(PHOTO), (height, width))
    hints = [ColorHint(0.3 * width, 0.6 * height, "firebrick", 3), ColorHint(0.8 * width, 0.1 * height, "navy", 5)]
    return np.repeat(rasterize_hints(hints, (width, height), small)[None], count, axis=0)


def colorized(original: TorchColorizer, rgb: np.ndarray, hints: np.ndarray | None = None) -> np.ndarray:
    """The output of PyTorch for small images, (B, 3, h, w)."""
    network_hints = None if hints is None else original.hints.from_lab(torch.from_numpy(hints), original.color_space)
    return original(torch.from_numpy(rgb), network_hints).numpy()


def assert_matches_pytorch(original: TorchColorizer, exported: OnnxColorizer, tolerance: float = 1.0) -> None:
    # Instance norm of a single pixel divides rounding errors by rounding errors: PyTorch's own results in float32 and
    # float64 differ by 113/255.
    has_instance_norm = any(isinstance(module, torch.nn.InstanceNorm2d) for module in original.modules())
    for height, width in [size for size in SIZES if size != (1, 1) or not has_instance_norm]:
        rgb = make_photos(height, width)
        for hints in (None, make_hints(height, width)) if original.takes_hints else (None,):
            difference = np.abs(exported.colorize_small(rgb, hints) - colorized(original, rgb, hints)) * 255
            assert difference.max() <= tolerance, f"{difference.max():.3g}/255 at {height} x {width}"
            ab = np.abs(exported.run_network(rgb, hints) - original.run_network(rgb, hints))
            assert ab.max() <= tolerance, f"{ab.max():.3g} of a* or b* at {height} x {width}"


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
    "EncoderUNet, half size": (
        lambda i, o: EncoderUNet(i, o, encoder="resnet10t", width=4, depth=3, output_stride=2),
        QuantizedLab(20),
        True,
    ),
    "QueryUNet": (
        lambda i, o: QueryUNet(i, o, encoder="resnet10t", width=4, depth=3, queries=3, output_stride=4),
        HSV("angle"),
        True,
    ),
}


FAST = ("EncoderDecoder", "Pix2PixUNet", "WeirdNet")
"""Networks whose tests take only a few seconds."""


def test_every_generator_is_tested() -> None:
    tested = {type(make(1, 2)) for make, _, _ in NETWORKS.values()}
    import colorgan.models.generators as shipped

    assert tested == {
        cls
        for cls in vars(shipped).values()
        if isinstance(cls, type) and issubclass(cls, Generator) and cls is not Generator
    }


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in NETWORKS]
)
def test_networks_and_color_spaces_match_pytorch_at_every_size(name: str, tmp_path: Path) -> None:
    make, color_space, hinted = NETWORKS[name]
    original = make_colorizer(make, color_space, hinted)
    parity = export(original, tmp_path / "model.onnx")
    assert parity.max < 0.5
    assert_matches_pytorch(original, OnnxColorizer(tmp_path / "model.onnx"))


# -- precision and file contents----------------------------------------------------------------------------------------


def export_all(original: TorchColorizer, folder: Path) -> dict[str, Path]:
    """Writes a released model, and exports it in both precisions."""
    original.save_pretrained(folder / "released", card="# tiny\n\nColorizes.", half=False)
    for precision, option in (("float32", []), ("half", ["--half"])):
        args = ["export", "--checkpoint", str(folder / "released"), "-o", str(folder / f"{precision}.onnx"), *option]
        assert main(args) == 0
    return {file.stem: file for file in folder.glob("*.onnx")} | {"released": folder / "released"}


def check_precisions(original: TorchColorizer, files: dict[str, Path]) -> None:
    assert_matches_pytorch(original, OnnxColorizer(files["float32"]))
    rgb, hints = make_photos(96, 128), make_hints(96, 128)
    expected = colorized(original, rgb, hints)
    colorfulness = np.abs(expected - rgb.mean(1, keepdims=True)).mean() * 255
    difference = np.abs(OnnxColorizer(files["half"]).colorize_small(rgb, hints) - expected) * 255
    assert difference.max() <= 8.0
    assert 0 < difference.mean() <= 0.5
    assert difference.mean() < colorfulness / 4
    assert files["half"].stat().st_size < files["float32"].stat().st_size


@pytest.fixture(scope="module")
def small() -> TorchColorizer:
    return make_colorizer(lambda i, o: UNet(i, o, width=8, depth=2), Lab(), True)


@pytest.fixture(scope="module")
def files(small: TorchColorizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return export_all(small, tmp_path_factory.mktemp("small"))


def test_every_precision_is_close_to_pytorch(small: TorchColorizer, files: dict[str, Path]) -> None:
    check_precisions(small, files)


@pytest.mark.slow
def test_architecture_of_the_shipped_model(tmp_path: Path) -> None:
    original = make_colorizer(
        lambda i, o: EncoderUNet(i, o, encoder="tf_efficientnet_lite0", weights="package", width=16, depth=4),
        Lab(),
        True,
        size=128,
    )
    files = export_all(original, tmp_path)
    check_precisions(original, files)
    sizes = {name: files[name].stat().st_size for name in ("float32", "half")}
    assert sizes["half"] < 0.6 * sizes["float32"]


def test_hints_affect_the_exported_model(files: dict[str, Path]) -> None:
    """Parity alone would also hold if hints had no effect in PyTorch."""
    rgb, hints = make_photos(45, 67), make_hints(45, 67)
    exported = OnnxColorizer(files["float32"])
    assert np.abs(exported.run_network(rgb, hints) - exported.run_network(rgb)).max() > 5


def test_file_contains_metadata_and_no_traces_of_the_machine(files: dict[str, Path]) -> None:
    exported = OnnxColorizer(files["half"])
    assert (exported.size, exported.takes_hints) == (48, True)
    assert exported.card == "# tiny\n\nColorizes."
    assert exported.metadata["precision"] == "half"
    assert exported.metadata["color_space"] == {"class_path": "colorgan.models.Lab", "init_args": {}}
    model = onnx.load(files["half"])
    onnx.checker.check_model(model, full_check=True)
    shapes = [
        [dim.dim_param or dim.dim_value for dim in entry.type.tensor_type.shape.dim] for entry in model.graph.input
    ]
    assert shapes == [["batch", 3, "height", "width"], ["hints_batch", 4, "hints_height", "hints_width"]]
    assert [entry.name for entry in model.graph.output] == ["colorized", "ab"]
    assert str(Path(exporting.__file__).parent).encode() not in files["half"].read_bytes()


def test_colorize_command_gives_the_same_result_as_the_checkpoint(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('{"hints": [{"x": 50, "y": 60, "color": "seagreen", "radius": 9}]}')
    for name in ("float32", "released"):
        args = ["colorize", PHOTO, "-o", tmp_path / f"{name}.png", "--checkpoint", files[name]]
        assert main([str(arg) for arg in [*args, "--hints", tmp_path / "hints.json", "--device", "cpu"]]) == 0
    exported, original = (read_rgb(tmp_path / f"{name}.png").astype(int) for name in ("float32", "released"))
    assert np.abs(exported - original).max() <= 1
    assert np.ptp(exported, axis=-1).max() > 10


def test_torch_export_program(tmp_path: Path) -> None:
    original = make_colorizer(lambda i, o: UNet(i, o, width=4, depth=2), Lab(), True)
    assert export(original, tmp_path / "model.pt2").max < 1e-3
    extra = {"colorgan.json": ""}
    graph = torch.export.load(tmp_path / "model.pt2", extra_files=extra).module(check_guards=False)
    assert '"size": 48' in extra["colorgan.json"]
    for height, width in SIZES:
        rgb, hints = make_photos(height, width), make_hints(height, width)
        rgb_out, ab = graph(torch.from_numpy(rgb), torch.from_numpy(hints))
        np.testing.assert_allclose(rgb_out, colorized(original, rgb, hints), atol=1e-5)
        np.testing.assert_allclose(ab, original.run_network(rgb, hints), atol=1e-3)


# -- errors ------------------------------------------------------------------------------------------------------------


class FixedSizeUNet(UNet):
    """A network with a fixed input size."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(-1, 3, 48, 48)[:, :1])


def test_network_with_a_fixed_size_is_refused(tmp_path: Path) -> None:
    original = TorchColorizer(FixedSizeUNet(1, 2, width=4, depth=2)).eval()
    with pytest.raises(ColorganError, match="FixedSizeUNet cannot be exported for images of any size") as caught:
        export(original, tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_file_that_differs_from_pytorch_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = make_colorizer(lambda i, o: PlainCNN(i, o), Lab())
    (tmp_path / "model.onnx").write_bytes(b"existing file")
    monkeypatch.setattr(
        ExportedGraph, "forward", lambda self, rgb: (self.network(rgb).clamp(max=0.5), self.network.predict_ab(rgb))
    )
    with pytest.raises(
        ColorganError,
        match=r"its output would differ from that of PyTorch by at most \d+/255",
    ):
        export(original, tmp_path / "model.onnx")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"existing file"]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["-o", "model.tflite"], 1, "cannot export to model.tflite: the file name must end in .onnx or .pt2"),
        (
            ["-o", "existing.onnx"],
            1,
            "existing.onnx already exists; choose another name, or replace it",
        ),
        (["-o", "a.onnx", "--quantize"], 2, "--quantize"),
        ([], 2, "required: --output"),
        (["-o", "a.onnx", "--checkpoint", "other.onnx"], 1, "other.onnx is already exported"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(
    args: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("existing.onnx").write_bytes(b"")
    try:
        received = main(["export", *args])
    except SystemExit as error:
        received = int(error.code or 0)
    captured = capsys.readouterr()
    assert received == code
    assert message in captured.err
    assert len([line for line in captured.err.splitlines() if line.startswith("error: ")]) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["existing.onnx"]


def test_missing_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(ColorganError, match="needs onnxscript; run: pip install onnxscript"):
        export(make_colorizer(lambda i, o: PlainCNN(i, o), Lab()), tmp_path / "model.onnx")


def test_colorizing_with_onnx_does_not_import_torch(files: dict[str, Path], tmp_path: Path) -> None:
    args = ["colorize", str(PHOTO), "-o", str(tmp_path / "out.png"), "--checkpoint", str(files["float32"])]
    code = f"""
import sys
from colorgan.cli import main
assert main({args!r}) == 0
heavy = {{"torch", "kornia", "timm", "lightning", "onnx", "matplotlib"}}
loaded = {{name.partition(".")[0] for name in sys.modules}} & heavy
assert not loaded, loaded
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "out.png").is_file()
