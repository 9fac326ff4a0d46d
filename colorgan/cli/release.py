"""``colorgan release``: converts a training checkpoint to a released model."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option
from colorgan.errors import ColorganError

_CARD_SOURCE = "card.yaml"


def release(
    checkpoint: Path,
    *,
    output: Annotated[Path, Option(("-o", "--output"), "FOLDER")],
    card: Annotated[Path | None, Option(metavar="FILE")] = None,
    report: Annotated[Path | None, Option(metavar="FOLDER")] = None,
    full: bool = False,
    overwrite: bool = False,
    trust: Annotated[Sequence[str], Option(metavar="NAME")] = (),
) -> int:
    """Convert a training checkpoint to a small released model.

    If the extra `export` is installed, the model is also written as ONNX, which runs without torch.

    Args:
        checkpoint: a .ckpt file written by `fit`.
        output: folder to write to.
        card: YAML file with the contents of the model card.
        report: report of `colorgan evaluate` on the checkpoint; its results become the metrics of the card.
        full: keep the weights in float32 (default: float16).
        overwrite: replace an existing model.
        trust: package, module or class of your own that the model may name, such as mynet, or the config.yaml of its
            run; repeatable.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.
    """
    import yaml

    from colorgan.files import atomic_write, resolved
    from colorgan.inference.card import ModelCard
    from colorgan.inference.checkpoint import read_network
    from colorgan.inference.released import read_released, write_released
    from colorgan.inference.shipped import CONFIG, ONNX, WEIGHTS

    if (output / CONFIG).exists() and not overwrite:
        raise ColorganError(f"{output} already contains a model; choose another folder, or replace it with --overwrite")
    if report and not card:
        raise ColorganError("--report fills the metrics of a model card; give the rest of the card with --card FILE")
    contents = ModelCard.read(card) if card else None
    if contents and report:
        contents = replace(contents, metrics=_metrics(report, checkpoint, output / WEIGHTS))
    write_released(read_network(checkpoint, trust), output, contents.markdown() if contents else "", half=not full)
    source = output / _CARD_SOURCE
    if contents and report:
        with atomic_write(source) as temporary:
            text = yaml.safe_dump(asdict(contents), sort_keys=False, allow_unicode=True, width=140)
            temporary.write_text(text, encoding="utf-8")
    elif card and resolved(card) != resolved(source):
        with atomic_write(source) as temporary:
            temporary.write_bytes(card.read_bytes())
    read_released(output, trust)  # verifies that the model can be loaded
    note = _add_onnx(output, trust)
    num_bytes = sum((output / name).stat().st_size for name in (WEIGHTS, CONFIG, ONNX) if (output / name).is_file())
    print(f"{output}: {num_bytes / 1e6:.1f} MB; {note}")
    return 0


def _add_onnx(folder: Path, trust: Sequence[str]) -> str:
    """Adds the ONNX file if that is possible, and describes the outcome."""
    from colorgan.inference.onnx.released import add_onnx
    from colorgan.inference.shipped import ONNX

    try:
        return f"{ONNX} differs from PyTorch by {add_onnx(folder, trust)}"
    except ColorganError as error:
        return f"without {ONNX}, so it needs torch to run: {error}"


def _metrics(report: Path, checkpoint: Path, released: Path) -> dict[str, dict[str, float]]:
    """The results of the checkpoint, or of the model that was released from it before."""
    from colorgan.evaluation.report.card import card_metrics
    from colorgan.files import digest

    return card_metrics(report, {digest(file) for file in (checkpoint, released) if file.is_file()})
