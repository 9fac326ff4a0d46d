"""``colorgan export``: a trained colorizer as one file that other programs run, from RGB to RGB.

Colour conversion, hints and the padding to what the network can halve are part of the exported graph, and batch, height
and width stay free. What is written has been compared with PyTorch on a photo before it gets its name.
"""

import argparse
import contextlib
import copy
import importlib.util
import io
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from colorgan import __version__
from colorgan.cli.parsing.options import Parser
from colorgan.color.cielab import CodeArray, FloatArray
from colorgan.errors import ColorganError
from colorgan.files import replaced
from colorgan.images.reading import list_photos, read_rgb
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.full_size import shrink, working_shape
from colorgan.inference.hint_file import ColorHint, paint_hints
from colorgan.inference.integrity import first_sentence
from colorgan.inference.onnx.colorizer import FORMAT, METADATA, OnnxColorizer
from colorgan.inference.photo_colorizer import as_batch
from colorgan.models.config import describe
from colorgan.models.generators import Generator

Precision = Literal["float32", "half", "int8"]
"""What the network computes in; inputs, outputs and colour conversion are float32 in any case."""

ENDINGS = (".onnx", ".pt2")

_OPSET = 18
_CARD = "README.md"
_LARGEST_CARD = 1 << 18
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


class RGBGraph(nn.Module):
    """What is exported: RGB and painted hints in, RGB out.

    Args:
        colorizer: a copy of it is taken, for inference on the CPU.
        half: whether the generator has weights of, and computes in, float16.
    """

    def __init__(self, colorizer: Colorizer, half: bool = False) -> None:
        super().__init__()
        self.colorizer = copy.deepcopy(colorizer).cpu().eval().requires_grad_(False)
        if half:
            self.colorizer.generator = cast(Generator, _Half(self.colorizer.generator))

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Colours pictures.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size; only the lightness counts.
            hints: as :func:`colorgan.inference.hint_file.paint_hints` makes them, (B, 4, H, W) in [0, 1], zero where there is no
                hint; only of models that take hints.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        inner = None if hints is None else self.colorizer.hints.from_rgb(hints, self.colorizer.color)
        coloured: Tensor = self.colorizer(rgb, inner)
        return coloured


class _Half(nn.Module):
    """A generator in float16 between tensors of float32."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator.half()
        self.size_multiple, self.min_size = generator.size_multiple, generator.min_size

    def forward(self, x: Tensor) -> Tensor:
        colour: Tensor = self.generator(x.half())
        return colour.float()


def export(colorizer: Colorizer, path: str | Path, precision: Precision = "float32", card: str = "") -> Parity:
    """Writes a colorizer as ONNX or as a program of torch.export, and compares it with PyTorch.

    Args:
        colorizer: what is exported.
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
    _check_output(path, precision)
    program = _program(colorizer, precision == "half")
    about = {
        "format": FORMAT,
        "colorgan": __version__,
        "size": colorizer.size,
        "takes_hints": colorizer.takes_hints,
        "color": describe(colorizer.color),
        "precision": precision,
        "card": card,
    }
    with replaced(path) as temporary:
        if path.suffix == ".onnx":
            _write_onnx(program, temporary, colorizer, precision, json.dumps(about))
            parity = compare(colorizer, OnnxColorizer(temporary).colour_small)
        else:
            buffer = io.BytesIO()
            torch.export.save(program, buffer, extra_files={f"{METADATA}.json": json.dumps(about)})
            temporary.write_bytes(buffer.getvalue())
            parity = compare(colorizer, _runner(temporary, colorizer.takes_hints))
        greatest, mean = _BOUNDS[precision]
        if not (parity.greatest <= greatest and parity.mean <= mean):
            raise ColorganError(
                f"{path} was not written: it would differ from PyTorch by {parity}, and "
                f"{greatest:g}/255 and {mean:g}/255 are allowed; "
                + ("export it without --half and --quantize" if precision != "float32" else "please report this")
            )
    return parity


def _check_output(path: Path, precision: Precision) -> None:
    if path.suffix not in ENDINGS:
        raise ColorganError(f"{path}: a model is exported to a file ending in {' or '.join(ENDINGS)}")
    if precision == "int8" and path.suffix != ".onnx":
        raise ColorganError(f"{path}: weights of 8 bits are for ONNX; choose a file name ending in .onnx")
    needed = ("onnx", "onnxscript", "onnxruntime") if path.suffix == ".onnx" else ()
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ColorganError(f"exporting to ONNX needs {' and '.join(missing)}: pip install 'colorgan[export]'")


def compare(colorizer: Colorizer, run: Any) -> Parity:
    """Compares a runtime with PyTorch on a sample photo at two sizes, with a hint where the model takes any.

    Args:
        colorizer: the original.
        run: takes what :meth:`PhotoColorizer.colour_small` takes.
    """
    photo = read_rgb(list_photos(SAMPLE_PHOTOS / "val")[0])
    differences = []
    for size in (colorizer.size, max(colorizer.size * 2 // 3 - 1, 1)):
        rgb, hints = _seen(colorizer, photo, size)
        differences.append(np.abs(run(rgb, hints) - colorizer.colour_small(rgb, hints)).ravel() * 255)
    all_of_them = np.concatenate(differences)
    return Parity(float(all_of_them.max()), float(all_of_them.mean()))


def _seen(colorizer: Colorizer, photo: CodeArray, size: int) -> tuple[FloatArray, FloatArray | None]:
    """A photo as the network sees it, with one hint."""
    height, width = photo.shape[:2]
    small = shrink(photo, working_shape((height, width), size))
    hint = ColorHint(width / 3, height / 2, "seagreen", max(height, width) / 20)
    painted = paint_hints([hint], (width, height), small)[None] if colorizer.takes_hints else None
    return as_batch([small]), painted


def _program(colorizer: Colorizer, half: bool) -> torch.export.ExportedProgram:
    # sizes that no later one is mistaken for: neither square nor 1 nor multiples of anything
    rgb, hints = torch.rand(2, 3, 45, 67), torch.zeros(2, 4, 45, 67)
    inputs = (rgb, hints) if colorizer.takes_hints else (rgb,)
    shapes = {"rgb": _DYNAMIC, **({"hints": _DYNAMIC} if colorizer.takes_hints else {})}
    try:
        with _quiet():
            return torch.export.export(RGBGraph(colorizer, half).eval(), inputs, dynamic_shapes=shapes)
    except Exception as error:  # whatever torch's tracing and the network's own code come up with
        name = type(colorizer.generator).__name__
        raise ColorganError(
            f"{name} cannot be exported for pictures of any size ({first_sentence(error)}); "
            "a network of a fixed size, or with decisions that depend on the picture, cannot become one graph"
        ) from error


def _write_onnx(
    program: torch.export.ExportedProgram, file: Path, colorizer: Colorizer, precision: Precision, about: str
) -> None:
    import onnx

    try:
        with _quiet():
            converted = torch.onnx.export(
                program, dynamo=True, verbose=False, opset_version=_OPSET, output_names=["coloured"]
            )
    except Exception as error:  # as above
        raise ColorganError(
            f"{type(colorizer.generator).__name__} cannot be exported to ONNX ({first_sentence(error)}); "
            "try a file name ending in .pt2"
        ) from error
    assert converted is not None
    model = converted.model_proto
    if precision == "int8":
        from colorgan.inference.onnx.quantization import quantized

        photos = list_photos(SAMPLE_PHOTOS / "train")
        chosen = photos[:: max(1, len(photos) // _CALIBRATION)]
        model = quantized(model, [_seen(colorizer, read_rgb(photo), colorizer.size) for photo in chosen])
    _name_and_strip(model)
    onnx.helper.set_model_props(model, {METADATA: about})
    model.producer_name, model.producer_version = "colorgan", __version__
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
        coloured: FloatArray = graph(*(torch.from_numpy(array) for array in given)).numpy()
        return coloured

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


def _card_of(checkpoint: Path | None) -> str:
    from colorgan.inference.open_model import shipped_model

    folder = shipped_model() if checkpoint is None else checkpoint if checkpoint.is_dir() else checkpoint.parent
    card = folder / _CARD
    released = folder == checkpoint or checkpoint is None or checkpoint.suffix == ".safetensors"
    return card.read_text(encoding="utf-8")[:_LARGEST_CARD] if released and card.is_file() else ""


def main(args: Sequence[str]) -> int:
    """Runs the command.

    Args:
        args: its words.

    Returns:
        0.

    Raises:
        ColorganError: for input that the user can mend.
    """
    given = _parser().parse_args(args)
    _check_output(given.output, given.precision)
    if given.output.exists() and not given.overwrite:
        raise ColorganError(f"{given.output} is there already; choose another name or say --overwrite")
    if given.checkpoint is not None and given.checkpoint.suffix in ENDINGS:
        raise ColorganError(f"{given.checkpoint} is exported already; give the checkpoint that it was exported from")
    colorizer = Colorizer.from_checkpoint(given.checkpoint)
    parity = export(colorizer, given.output, given.precision, _card_of(given.checkpoint))
    size = given.output.stat().st_size / 1e6
    print(f"{given.output}: {size:.1f} MB, {given.precision}; differs from PyTorch by {parity}")  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan export",
        description="Write a model as one file, from RGB to RGB, that runs without colorgan and (ONNX) without torch.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="C",
        help="a .ckpt file of a run, or the folder of a released model (default: the model that ships)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file to write, ending in .onnx or .pt2"
    )
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument(
        "--half", dest="precision", action="store_const", const="half", default="float32",
        help="16 bits: half the size, for GPUs",
    )  # fmt: skip
    precision.add_argument(
        "--quantize", dest="precision", action="store_const", const="int8",
        help="8 bits (ONNX only): a quarter of the size, and other colours here and there",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    return parser
