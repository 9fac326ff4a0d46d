"""Exports a colorizer, from RGB to RGB, as an ONNX file or a torch.export program.

Color conversion, hints and padding are part of the exported graph; batch, height and width are dynamic. A file is only
kept if its output on a photo matches that of PyTorch.
"""

import contextlib
import copy
import importlib.util
import io
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from colorgan import __version__
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError, first_sentence
from colorgan.files import atomic_write
from colorgan.images import SAMPLE_PHOTOS, list_photos, read_rgb
from colorgan.inference.hints import ColorHint, rasterize_hints
from colorgan.inference.onnx.colorizer import FORMAT, METADATA_KEY, OUTPUTS, PROBABILITIES, OnnxColorizer
from colorgan.inference.onnx.file_check import sealed
from colorgan.inference.photo_colorizer import as_batch
from colorgan.inference.small_image import downscale, working_shape
from colorgan.models.color_spaces import QuantizedLab
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import to_config
from colorgan.models.generators import Generator

Precision = Literal["float32", "half"]
"""Precision of the network; inputs, outputs and color conversion are always float32."""

HintsInput = Literal["optional", "required"]
"""Whether programs may leave out the hints of an ONNX file."""

SUFFIXES = (".onnx", ".pt2")

_OPSET = 18
_DYNAMIC = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}

_TOLERANCES: dict[str, tuple[float, float]] = {"float32": (1.0, 0.1), "half": (8.0, 0.5)}
"""Maximum and mean difference from PyTorch on a photo, in 1/255; files that exceed either are not written."""


@dataclass(frozen=True)
class Parity:
    """Difference between an exported file and PyTorch, over all values of a photo at two sizes.

    Attributes:
        max: maximum absolute difference, in 1/255.
        mean: mean absolute difference, in 1/255.
    """

    max: float
    mean: float

    def __str__(self) -> str:
        return f"at most {self.max:.3g}/255, {self.mean:.3g}/255 on average"


class ExportedGraph(nn.Module):
    """The exported module: takes RGB and rasterized hints, and returns RGB, and a* and b*.

    Args:
        network: the network; a copy of it is used, on the CPU and in evaluation mode.
        half: whether the generator computes in float16.
    """

    def __init__(self, network: ColorizationNetwork, half: bool = False) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().eval().requires_grad_(False)
        if half:
            self.network.generator = cast(Generator, _Half(self.network.generator))

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> tuple[Tensor, ...]:
        """Colorizes images.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size; only the lightness is used.
            hints: L*, a*, b* and a mask, (B, 4, H, W), as returned by
                :func:`colorgan.inference.hints.rasterize_hints`; only for models that take hints.

        Returns:
            The colorized images, (B, 3, H, W) in [0, 1], and their predicted a* and b*, (B, 2, H, W); from a model that
            classifies color also the probabilities of the bins, (B, bins, ⌈H / s⌉, ⌈W / s⌉), with its output stride s.
        """
        color_space = self.network.color_space
        network_hints = None if hints is None else self.network.hints.from_lab(hints, color_space)
        gray, color = self.network.split_and_predict(rgb, network_hints)
        colorized = color_space.merge(gray, color).clamp(0.0, 1.0), color_space.to_ab(gray, color)
        if isinstance(color_space, QuantizedLab):
            return *colorized, self.network.predict_probabilities(rgb, network_hints)
        return colorized


class _Half(nn.Module):
    """Runs a generator in float16, with float32 input and output."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator.half()
        self.size_multiple, self.min_size = generator.size_multiple, generator.min_size
        self.output_stride = generator.output_stride

    def forward(self, x: Tensor) -> Tensor:
        color: Tensor = self.generator(x.half())
        return color.float()


def export(
    network: ColorizationNetwork,
    path: str | Path,
    precision: Precision = "float32",
    card: str = "",
    weights: str = "",
    hints: HintsInput = "optional",
) -> Parity:
    """Writes a colorizer as an ONNX file or a torch.export program, and compares its output with that of PyTorch.

    Args:
        network: the network to export.
        path: a file name ending in ``.onnx`` or ``.pt2``; an existing file is replaced atomically.
        precision: ``float32`` or ``half``.
        card: the model card in Markdown, which is stored in the file.
        weights: the SHA-256 of the weights' file, which is stored as well.
        hints: whether the hints of an ONNX file are optional. Some runtimes, such as onnxruntime-web, cannot set an
            optional input.

    Returns:
        The difference from PyTorch on a photo.

    Raises:
        ColorganError: if the suffix is not supported, libraries are missing, the network cannot be exported, or the
            output differs from that of PyTorch by more than the tolerance. No file is written in these cases.
    """
    path = Path(path)
    check_output(path)
    program = _export_program(network, precision == "half")
    color_space = network.color_space
    metadata = {
        "format": FORMAT,
        "colorgan": __version__,
        "size": network.size,
        "takes_hints": network.takes_hints,
        "color_space": to_config(color_space),
        "precision": precision,
        "card": card,
        **({"color_bins": color_space.centers.tolist()} if isinstance(color_space, QuantizedLab) else {}),
        **({"weights": weights} if weights else {}),
    }
    with atomic_write(path) as temporary:
        if path.suffix == ".onnx":
            _write_onnx(program, temporary, network, json.dumps(metadata), hints)
            parity = compare(network, OnnxColorizer(temporary).colorize_small)
        else:
            buffer = io.BytesIO()
            torch.export.save(program, buffer, extra_files={f"{METADATA_KEY}.json": json.dumps(metadata)})
            temporary.write_bytes(buffer.getvalue())
            parity = compare(network, _load_program(temporary, network.takes_hints))
        max_difference, mean_difference = _TOLERANCES[precision]
        if not (parity.max <= max_difference and parity.mean <= mean_difference):
            raise ColorganError(
                f"{path} was not written: its output would differ from that of PyTorch by {parity}, but only "
                f"{max_difference:g}/255 and {mean_difference:g}/255 are allowed; "
                + ("export it without --half" if precision == "half" else "please report this")
            )
    return parity


def check_output(path: Path) -> None:
    """Checks that a model can be exported to a file, before doing any work.

    Raises:
        ColorganError: if the suffix is not supported or libraries are missing.
    """
    if path.suffix not in SUFFIXES:
        raise ColorganError(f"cannot export to {path}: the file name must end in {' or '.join(SUFFIXES)}")
    required = ("onnx", "onnxscript", "onnxruntime") if path.suffix == ".onnx" else ()
    missing = [name for name in required if importlib.util.find_spec(name) is None]
    if missing:
        raise ColorganError(f"exporting to ONNX needs {' and '.join(missing)}; run: pip install {' '.join(missing)}")


def compare(network: ColorizationNetwork, run: Any) -> Parity:
    """Compares a runtime with PyTorch on a sample photo at two sizes, once with a hint if the model takes hints.

    Args:
        network: the original network.
        run: a function of RGB (B, 3, h, w) and rasterized hints (B, 4, h, w) or ``None`` that returns RGB.
    """
    photo = read_rgb(list_photos(SAMPLE_PHOTOS / "val")[0])
    differences = []
    for size, hinted in ((network.size, True), (max(network.size * 2 // 3 - 1, 1), False)):
        rgb, hints = _network_inputs(network, photo, size)
        hints = hints if hinted else None
        network_hints = None if hints is None else network.hints.from_lab(torch.from_numpy(hints), network.color_space)
        with torch.inference_mode():
            expected = network(torch.from_numpy(rgb), network_hints).numpy()
        differences.append(np.abs(run(rgb, hints) - expected).ravel() * 255)
    difference = np.concatenate(differences)
    return Parity(float(difference.max()), float(difference.mean()))


def _network_inputs(network: ColorizationNetwork, photo: SRGBArray, size: int) -> tuple[FloatArray, FloatArray | None]:
    """A photo at the working size, (1, 3, h, w), and one rasterized hint, (1, 4, h, w), if the model takes hints."""
    height, width = photo.shape[:2]
    small = downscale(photo, working_shape((height, width), size))
    hint = ColorHint(width / 3, height / 2, "seagreen", max(height, width) / 20)
    rasterized = rasterize_hints([hint], (width, height), small)[None] if network.takes_hints else None
    return as_batch([small]), rasterized


def _export_program(network: ColorizationNetwork, half: bool) -> torch.export.ExportedProgram:
    # Sizes that torch.export does not specialize on: not square, not 1, and multiples of nothing.
    rgb, hints = torch.rand(2, 3, 45, 67), torch.zeros(2, 4, 45, 67)
    inputs = (rgb, hints) if network.takes_hints else (rgb,)
    shapes = {"rgb": _DYNAMIC, **({"hints": _DYNAMIC} if network.takes_hints else {})}
    try:
        with _silence_exporter():
            return torch.export.export(ExportedGraph(network, half).eval(), inputs, dynamic_shapes=shapes)
    except Exception as error:  # tracing and the network itself can raise anything
        name = type(network.generator).__name__
        raise ColorganError(
            f"{name} cannot be exported for images of any size ({first_sentence(error)}); "
            "the network must not have a fixed input size, or control flow that depends on the image"
        ) from error


def _write_onnx(
    program: torch.export.ExportedProgram, file: Path, network: ColorizationNetwork, metadata: str, hints: HintsInput
) -> None:
    import onnx
    from onnxscript import optimizer

    from colorgan.inference.onnx.optional_hints import accept_any_hints, default_to_no_hints
    from colorgan.inference.onnx.weight_storage import store_exactly_in_half

    outputs = [*OUTPUTS, PROBABILITIES] if isinstance(network.color_space, QuantizedLab) else list(OUTPUTS)
    try:
        with _silence_exporter():
            converted = torch.onnx.export(
                program, dynamo=True, verbose=False, opset_version=_OPSET, output_names=outputs, optimize=False
            )
            assert converted is not None
            # not all of the exporter's optimizations: runtimes merge batch norms into convolutions themselves, and the
            # merged weights would need 32 bits
            optimizer.fold_constants(converted.model)
            optimizer.remove_unused_nodes(converted.model)
    except Exception as error:  # as above
        raise ColorganError(
            f"{type(network.generator).__name__} cannot be exported to ONNX ({first_sentence(error)}); "
            "try a file name ending in .pt2"
        ) from error
    model = converted.model_proto
    store_exactly_in_half(model)
    _clean_up(model)
    if network.takes_hints:
        accept_any_hints(model)
        if hints == "optional":
            default_to_no_hints(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata})
    model.producer_name, model.producer_version = "colorgan", __version__
    file.write_bytes(sealed(model.SerializeToString()))


def _clean_up(model: Any) -> None:
    """Names the dynamic dimensions, and removes traces of the exporting machine, such as source paths."""
    for entry in (*model.graph.input, *model.graph.output):
        rows, columns = ("rows", "columns") if entry.name == PROBABILITIES else ("height", "width")
        for axis, name in ((0, "batch"), (2, rows), (3, columns)):
            entry.type.tensor_type.shape.dim[axis].dim_param = name
    del model.graph.value_info[:]
    for item in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""


def _load_program(file: Path, takes_hints: bool) -> Any:
    """Loads an exported program as a function of NumPy arrays."""
    module = torch.export.load(file).module(check_guards=False)  # the guards only concern memory layout

    def run(rgb: FloatArray, hints: FloatArray | None) -> FloatArray:
        if hints is None:
            hints = np.zeros((len(rgb), 4, *rgb.shape[2:]), np.float32)
        inputs = (rgb, hints) if takes_hints else (rgb,)
        colorized, *_ = module(*(torch.from_numpy(array) for array in inputs))
        rgb_out: FloatArray = colorized.numpy()
        return rgb_out

    return run


@contextlib.contextmanager
def _silence_exporter() -> Iterator[None]:
    """Suppresses warnings of the exporters, which are meant for their developers."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
