"""``colorgan export``: exports a model to a single file that runs without colorgan."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from colorgan.cli.parsing.options import Option
from colorgan.errors import ColorganError
from colorgan.files import resolved

_MAX_CARD_LENGTH = 1 << 18


def export(
    *,
    checkpoint: Annotated[Path | None, Option(metavar="PATH")] = None,
    output: Annotated[Path, Option(("-o", "--output"), "FILE")],
    half: bool = False,
    required_hints: bool = False,
    overwrite: bool = False,
    trust: Annotated[Sequence[str], Option(metavar="NAME")] = (),
) -> int:
    r"""Export a model as ONNX or a torch.export program.

    The file maps RGB to RGB without colorgan and, as ONNX, without torch. Written as model.onnx into the folder of the
    released model that it was exported from, it becomes part of that model, which then opens without torch.

    Args:
        checkpoint: a .ckpt file of a run, or the folder of a released model (default: the shipped model).
        output: file to write, ending in .onnx or .pt2.
        half: export as float16: half the size, for GPUs.
        required_hints: hints of an .onnx file must be given, for runtimes that cannot set an optional input.
        overwrite: replace an existing file.
        trust: package, module or class of your own that the model may name, such as mynet, or the config.yaml of its
            run; repeatable.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.

    Examples:
        colorgan export -o colorgan.onnx
            the shipped model
        colorgan export --checkpoint checkpoints/RUN/checkpoints/best.ckpt \
            -o model.onnx
    """
    from colorgan.inference.onnx.export import SUFFIXES, check_output
    from colorgan.inference.onnx.export import export as write
    from colorgan.inference.onnx.released import add_onnx
    from colorgan.inference.shipped import CONFIG, ONNX, WEIGHTS
    from colorgan.inference.torch_colorizer import TorchColorizer

    precision: Literal["float32", "half"] = "half" if half else "float32"
    check_output(output)
    if output.exists() and not overwrite:
        raise ColorganError(f"{output} already exists; choose another name, or replace it with --overwrite")
    if checkpoint is not None and checkpoint.suffix in SUFFIXES:
        raise ColorganError(f"{checkpoint} is already exported; give the checkpoint it was exported from")
    if output.name == ONNX and all((output.parent / name).is_file() for name in (CONFIG, WEIGHTS)):
        _check_own_folder(checkpoint, output, half or required_hints)
        parity = add_onnx(output.parent, trust)
    else:
        network = TorchColorizer.from_checkpoint(checkpoint, trust=trust)
        hints: Literal["optional", "required"] = "required" if required_hints else "optional"
        parity = write(network, output, precision, _read_card(checkpoint), hints=hints)
    megabytes = output.stat().st_size / 1e6
    print(f"{output}: {megabytes:.1f} MB, {precision}; differs from PyTorch by {parity}")
    return 0


def _check_own_folder(checkpoint: Path | None, output: Path, is_special: bool) -> None:
    """Refuses to put another model, or one that is exported differently, into the folder of a released model."""
    from colorgan.inference.shipped import shipped_model

    model = shipped_model() if checkpoint is None else checkpoint
    folder = model if model.is_dir() else model.parent
    if is_special or model.suffix == ".ckpt" or resolved(folder) != resolved(output.parent):
        raise ColorganError(
            f"{output} belongs to the released model in {output.parent}, and must be that model in float32, "
            "with optional hints; choose another name"
        )


def _read_card(checkpoint: Path | None) -> str:
    """The card of a released model; empty for training checkpoints."""
    from colorgan.inference.shipped import CARD, shipped_model

    folder = shipped_model() if checkpoint is None else checkpoint if checkpoint.is_dir() else checkpoint.parent
    card = folder / CARD
    is_released = folder == checkpoint or checkpoint is None or checkpoint.suffix == ".safetensors"
    return card.read_text(encoding="utf-8")[:_MAX_CARD_LENGTH] if is_released and card.is_file() else ""
