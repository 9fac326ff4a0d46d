"""``colorgan release``: converts a training checkpoint to a released model."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from colorgan.cli.parsing.options import Option, Range
from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from colorgan.inference.card import ModelCard

_CARD_SOURCE = "card.yaml"


def release(
    checkpoint: Path,
    *,
    output: Annotated[Path, Option(("-o", "--output"), "FOLDER")],
    card: Annotated[Path | None, Option(metavar="FILE")] = None,
    report: Annotated[Path | None, Option(metavar="FOLDER")] = None,
    photos: Annotated[Path | None, Option(metavar="DIR")] = None,
    former: Annotated[Path | None, Option(metavar="MODEL")] = None,
    size: Annotated[int | None, Range(1), Option(metavar="N")] = None,
    full: bool = False,
    overwrite: bool = False,
    trust: Annotated[Sequence[str], Option(metavar="NAME")] = (),
    wandb: Annotated[str | None, Option(metavar="PROJECT", const="colorgan")] = None,
) -> int:
    r"""Convert a training checkpoint to a small released model.

    If the extra `export` is installed, the model is also written as ONNX, which runs without torch.

    Args:
        checkpoint: a .ckpt file written by `fit`.
        output: folder to write to.
        card: YAML file with the contents of the model card; a picture that its key `sheet` names is copied as well.
        report: report of `colorgan evaluate` on the checkpoint; its results become the metrics of the card.
        photos: held-out photos on which the released model is measured for the metrics of the card, as `colorgan
            evaluate` does it.
        former: checkpoint or released model that is measured on the same photos, for a column of the card.
        size: shorter side of a photo, in pixels, at which the model predicts color (default: that of its training
            photos).
        full: keep the weights in float32 (default: float16).
        overwrite: replace an existing model.
        trust: package, module or class of your own that the model may name, such as mynet, or the config.yaml of its
            run; repeatable.
        wandb: also log the model to Weights & Biases, by default to the project `colorgan`, as an artifact that has the
            name of its folder.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.

    Examples:
        colorgan release checkpoints/RUN/checkpoints/best.ckpt -o my-model
        colorgan release best.ckpt -o my-model --card card.yaml \
            --photos held_out --former old-model
            with a model card, measured beside the former model
        colorgan release best.ckpt -o my-model --wandb
            also an artifact of Weights & Biases
    """
    from colorgan.inference.card import ModelCard
    from colorgan.inference.checkpoint import read_network
    from colorgan.inference.released import read_released, write_released
    from colorgan.inference.shipped import CONFIG, ONNX, WEIGHTS
    from colorgan.inference.working_size import check_size

    if size is not None:
        check_size(size, "--size")
    if (output / CONFIG).exists() and not overwrite:
        raise ColorganError(f"{output} already contains a model; choose another folder, or replace it with --overwrite")
    option = "--report" if report else "--photos"
    if (report or photos) and not card:
        raise ColorganError(f"{option} fills the metrics of a model card; give the rest of the card with --card FILE")
    if report and photos:
        raise ColorganError("--report and --photos both fill the metrics of the card; give one of them")
    if former and not photos:
        raise ColorganError("--former is measured on the same photos as the model; give them with --photos DIR")
    contents = ModelCard.read(card) if card else None
    measured = _metrics(report, checkpoint, output / WEIGHTS) if report else None
    network = read_network(checkpoint, trust)
    if size is not None:
        network.working_size.fill_(size)
    with tempfile.TemporaryDirectory() as copies:
        former = _set_aside(former, output, Path(copies))
        write_released(network, output, half=not full)
        read_released(output, trust)  # verifies that the model can be loaded
        note = _add_onnx(output, trust)
        if photos:
            measured = _measure(output, photos, former, Path(copies) / "report", trust)
    if contents and card:
        _write_card(contents if measured is None else replace(contents, metrics=measured), card, output)
    num_bytes = sum((output / name).stat().st_size for name in (WEIGHTS, CONFIG, ONNX) if (output / name).is_file())
    print(f"{output}: {num_bytes / 1e6:.1f} MB; {note}")
    if wandb is not None:
        print(f"Weights & Biases: {_upload(checkpoint, output, wandb)}")
    return 0


def _upload(checkpoint: Path, output: Path, project: str) -> str:
    """Logs the files of a released model as an artifact, with where it comes from."""
    from colorgan.files import digest, resolved
    from colorgan.inference.checkpoint import read
    from colorgan.inference.run_folder import RunFolder
    from colorgan.training.provenance import code_version
    from colorgan.training.wandb_runs import log_model, upload

    name = resolved(output).name
    epoch = read(checkpoint).get("epoch")
    run_folder = RunFolder.of_checkpoint(resolved(checkpoint))
    about = {
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": digest(checkpoint),
        "epoch": epoch if isinstance(epoch, int) else None,
        "trained_by": run_folder.read_wandb_id() if run_folder else None,
        "code": code_version(),
    }
    files = {file.name: file for file in sorted(output.iterdir()) if file.is_file() and not file.name.startswith(".")}
    aliases = ["latest", *([f"epoch-{epoch}"] if isinstance(epoch, int) else [])]
    with upload(project, "release", name=f"release of {name}", folder=Path(), config=about) as started:
        log_model(started.run, name, files, aliases, about)
    return started.outcome


def _set_aside(former: Path | None, output: Path, folder: Path) -> Path | None:
    """Copies the former model if the new one replaces it in its folder."""
    from colorgan.files import resolved
    from colorgan.inference.shipped import WEIGHTS

    place = former.parent if former is not None and former.name == WEIGHTS else former
    if place is None or not place.is_dir() or resolved(place) != resolved(output):
        return former
    return Path(shutil.copytree(place, folder / "former"))


def _measure(
    model: Path, photos: Path, former: Path | None, report: Path, trust: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Measures a released model, and a former one, on photos; writes the report to a new folder."""
    from colorgan.evaluation.report.card import FORMER_MODEL, THIS_MODEL, card_metrics
    from colorgan.evaluation.report.evaluation import evaluate
    from colorgan.files import digest
    from colorgan.inference.shipped import WEIGHTS

    systems = [f"{THIS_MODEL}={model}"] + ([f"{FORMER_MODEL}={former}"] if former else [])
    evaluate(systems, root=photos, out=report, save_images="none", trust=trust)
    return card_metrics(report, {digest(model / WEIGHTS)})


def _write_card(contents: "ModelCard", card: Path, output: Path) -> None:
    """Writes the card in Markdown and in YAML, and copies its picture.

    The YAML file is copied as it is, comments included, unless its contents have changed.
    """
    from colorgan.files import atomic_write
    from colorgan.inference.card import ModelCard
    from colorgan.inference.shipped import CARD

    source, sheet = card.read_bytes(), (card.parent / contents.sheet).read_bytes() if contents.sheet else b""
    if contents != ModelCard.read(card):
        source = contents.yaml().encode()
    written = {CARD: contents.markdown().encode(), _CARD_SOURCE: source, **({contents.sheet: sheet} if sheet else {})}
    for name, content in written.items():
        with atomic_write(output / name) as temporary:
            temporary.write_bytes(content)


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
