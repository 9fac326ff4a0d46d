"""A trained colorizer as one file that other programs run, from RGB to RGB.

Color conversion, hints and the padding to what the network can halve are part of the exported graph, and batch, height
and width stay free. What is written has been compared with PyTorch on a photo before it gets its name.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError, first_sentence
from colorgan.files import atomic_write
from colorgan.images import SAMPLE_PHOTOS, list_photos, read_rgb
from colorgan.inference.full_size import downscale, working_shape
from colorgan.inference.hint_file import ColorHint, rasterize_hints
from colorgan.inference.onnx.colorizer import FORMAT, METADATA, OUTPUTS, OnnxColorizer
from colorgan.inference.photo_colorizer import as_batch
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import to_config
from colorgan.models.generators import Generator

Precision = Literal["float32", "half", "int8"]
"""What the network computes in; inputs, outputs and color conversion are float32 in any case."""

ENDINGS = (".onnx", ".pt2")

_OPSET = 18
_CALIBRATION = 24
_DYNAMIC = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}

_BOUNDS: dict[str, tuple[float, float]] = {"float32": (1.0, 0.1), "half": (8.0, 0.5), "int8": (255.0, 4.0)}
"""How far a file may be from PyTorch on a photo, greatest and mean, in 1/255; a file beyond that is not written."""


@dataclass(frozen=True)
class Parity:
    """How far an exported file is from PyTorch, over all values of a photo at two sizes.

    Attributes:
        greatest: difference, in 1/255.
        mean: absolute difference, in 1/255.
    """

    greatest: float
    mean: float

    def __str__(self) -> str:
        return f"{self.greatest:.3g}/255 at most, {self.mean:.3g}/255 on average"


class ExportedGraph(nn.Module):
    """What is exported: RGB and rasterized hints in; RGB, and a* and b*, out.

    Args:
        network: a copy of it is taken, for inference on the CPU.
        half: whether the generator has weights of, and computes in, float16.
    """

    def __init__(self, network: ColorizationNetwork, half: bool = False) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().eval().requires_grad_(False)
        if half:
            self.network.generator = cast(Generator, _Half(self.network.generator))

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Colorizes pictures.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size; only the lightness counts.
            hints: L*, a*, b* and a mask, (B, 4, H, W), as :func:`colorgan.inference.hint_file.rasterize_hints` makes
                them, zero where there is no hint; only for models that take hints.

        Returns:
            The colorized pictures, (B, 3, H, W) in [0, 1], and their predicted a* and b*, (B, 2, H, W).
        """
        color_space = self.network.color_space
        network_hints = None if hints is None else self.network.hints.from_lab(hints, color_space)
        gray, color = self.network.split_and_predict(rgb, network_hints)
        return color_space.merge(gray, color).clamp(0.0, 1.0), color_space.to_ab(gray, color)


class _Half(nn.Module):
    """A generator in float16 between tensors of float32."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator.half()
        self.size_multiple, self.min_size = generator.size_multiple, generator.min_size

    def forward(self, x: Tensor) -> Tensor:
        color: Tensor = self.generator(x.half())
        return color.float()


def export(network: ColorizationNetwork, path: str | Path, precision: Precision = "float32", card: str = "") -> Parity:
    """Writes a colorizer as ONNX or as a program of torch.export, and compares it with PyTorch.

    Args:
        network: what is exported.
        path: a file name that ends in ``.onnx`` or ``.pt2``; a file of that name is replaced in one piece.
        precision: ``float32``; ``half``; or, for ONNX, ``int8``: weights of 8 bits, and activations whose ranges are
            measured on the sample photos.
        card: the model card in Markdown, which is kept in the file.

    Returns:
        How far the file is from PyTorch on a photo.

    Raises:
        ColorganError: for another ending, libraries that are missing, a network that cannot be exported, or a result
            that differs from PyTorch by more than is allowed. No file is left then.
    """
    path = Path(path)
    check_output(path, precision)
    program = _program(network, precision == "half")
    about = {
        "format": FORMAT,
        "colorgan": version("colorgan"),
        "size": network.size,
        "takes_hints": network.takes_hints,
        "color_space": to_config(network.color_space),
        "precision": precision,
        "card": card,
    }
    with atomic_write(path) as temporary:
        if path.suffix == ".onnx":
            _write_onnx(program, temporary, network, precision, json.dumps(about))
            parity = compare(network, OnnxColorizer(temporary).colorize_small)
        else:
            buffer = io.BytesIO()
            torch.export.save(program, buffer, extra_files={f"{METADATA}.json": json.dumps(about)})
            temporary.write_bytes(buffer.getvalue())
            parity = compare(network, _runner(temporary, network.takes_hints))
        greatest, mean = _BOUNDS[precision]
        if not (parity.greatest <= greatest and parity.mean <= mean):
            raise ColorganError(
                f"{path} was not written: it would differ from PyTorch by {parity}, and "
                f"{greatest:g}/255 and {mean:g}/255 are allowed; "
                + ("export it without --half and --quantize" if precision != "float32" else "please report this")
            )
    return parity


def check_output(path: Path, precision: Precision) -> None:
    """Refuses, before any work, what cannot be written.

    Raises:
        ColorganError: for another ending, or libraries that are missing.
    """
    if path.suffix not in ENDINGS:
        raise ColorganError(f"{path}: a model is exported to a file ending in {' or '.join(ENDINGS)}")
    if precision == "int8" and path.suffix != ".onnx":
        raise ColorganError(f"{path}: weights of 8 bits are for ONNX; choose a file name ending in .onnx")
    needed = ("onnx", "onnxscript", "onnxruntime") if path.suffix == ".onnx" else ()
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ColorganError(f"exporting to ONNX needs {' and '.join(missing)}: pip install 'colorgan[export]'")


def compare(network: ColorizationNetwork, run: Any) -> Parity:
    """Compares a runtime with PyTorch on a sample photo at two sizes, with a hint where the model takes any.

    Args:
        network: the original.
        run: takes RGB (B, 3, h, w) and rasterized hints (B, 4, h, w) or ``None``, and returns RGB.
    """
    photo = read_rgb(list_photos(SAMPLE_PHOTOS / "val")[0])
    differences = []
    for size in (network.size, max(network.size * 2 // 3 - 1, 1)):
        rgb, hints = _seen(network, photo, size)
        network_hints = None if hints is None else network.hints.from_lab(torch.from_numpy(hints), network.color_space)
        with torch.inference_mode():
            expected = network(torch.from_numpy(rgb), network_hints).numpy()
        differences.append(np.abs(run(rgb, hints) - expected).ravel() * 255)
    all_of_them = np.concatenate(differences)
    return Parity(float(all_of_them.max()), float(all_of_them.mean()))


def _seen(network: ColorizationNetwork, photo: SRGBArray, size: int) -> tuple[FloatArray, FloatArray | None]:
    """A photo as the network sees it, with one hint."""
    height, width = photo.shape[:2]
    small = downscale(photo, working_shape((height, width), size))
    hint = ColorHint(width / 3, height / 2, "seagreen", max(height, width) / 20)
    painted = rasterize_hints([hint], (width, height), small)[None] if network.takes_hints else None
    return as_batch([small]), painted


def _program(network: ColorizationNetwork, half: bool) -> torch.export.ExportedProgram:
    # sizes that no later one is mistaken for: neither square nor 1 nor multiples of anything
    rgb, hints = torch.rand(2, 3, 45, 67), torch.zeros(2, 4, 45, 67)
    inputs = (rgb, hints) if network.takes_hints else (rgb,)
    shapes = {"rgb": _DYNAMIC, **({"hints": _DYNAMIC} if network.takes_hints else {})}
    try:
        with _quiet():
            return torch.export.export(ExportedGraph(network, half).eval(), inputs, dynamic_shapes=shapes)
    except Exception as error:  # whatever torch's tracing and the network's own code come up with
        name = type(network.generator).__name__
        raise ColorganError(
            f"{name} cannot be exported for pictures of any size ({first_sentence(error)}); "
            "a network of a fixed size, or with decisions that depend on the picture, cannot become one graph"
        ) from error


def _write_onnx(
    program: torch.export.ExportedProgram, file: Path, network: ColorizationNetwork, precision: Precision, about: str
) -> None:
    import onnx

    try:
        with _quiet():
            converted = torch.onnx.export(
                program, dynamo=True, verbose=False, opset_version=_OPSET, output_names=list(OUTPUTS)
            )
    except Exception as error:  # as above
        raise ColorganError(
            f"{type(network.generator).__name__} cannot be exported to ONNX ({first_sentence(error)}); "
            "try a file name ending in .pt2"
        ) from error
    assert converted is not None
    model = converted.model_proto
    if precision == "int8":
        from colorgan.inference.onnx.quantization import quantized

        photos = list_photos(SAMPLE_PHOTOS / "train")
        chosen = photos[:: max(1, len(photos) // _CALIBRATION)]
        model = quantized(model, [_seen(network, read_rgb(photo), network.size) for photo in chosen])
    _name_and_strip(model)
    onnx.helper.set_model_props(model, {METADATA: about})
    model.producer_name, model.producer_version = "colorgan", version("colorgan")
    file.write_bytes(model.SerializeToString())


def _name_and_strip(model: Any) -> None:
    """Gives the free dimensions their names; takes out what the exporter notes about this machine's source files."""
    for entry in (*model.graph.input, *model.graph.output):
        for axis, name in ((0, "batch"), (2, "height"), (3, "width")):
            entry.type.tensor_type.shape.dim[axis].dim_param = name
    del model.graph.value_info[:]
    for item in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""


def _runner(file: Path, takes_hints: bool) -> Any:
    graph = torch.export.load(file).module(check_guards=False)  # which only say how memory is laid out

    def run(rgb: FloatArray, hints: FloatArray | None) -> FloatArray:
        given = (rgb, hints) if takes_hints else (rgb,)
        colorized, _ = graph(*(torch.from_numpy(array) for array in given))
        rgb_out: FloatArray = colorized.numpy()
        return rgb_out

    return run


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporters speak to their developers; what matters to users is in the errors."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
