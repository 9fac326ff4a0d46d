"""``colorgan release``: converts a training checkpoint to a released model."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import yaml

from colorgan.cli.parsing import Parser
from colorgan.errors import ColorganError
from colorgan.files import atomic_write, digest
from colorgan.inference.card import ModelCard
from colorgan.inference.checkpoint import read_network
from colorgan.inference.released import read_released, write_released
from colorgan.inference.shipped import CONFIG, WEIGHTS

_CARD_SOURCE = "card.yaml"


def main(args: list[str]) -> int:
    """Runs the command.

    Args:
        args: the arguments of the command.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.
    """
    parser = Parser("colorgan release", description="Convert a training checkpoint to a small released model.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file written by `fit`")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder to write to")
    parser.add_argument("--card", type=Path, metavar="FILE", help="YAML file with the contents of the model card")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FOLDER",
        help="report of `colorgan evaluate` on the checkpoint; its results become the metrics of the card",
    )
    parser.add_argument("--full", action="store_true", help="keep the weights in float32 (default: float16)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model")
    options = parser.parse_args(args)
    if (options.output / CONFIG).exists() and not options.overwrite:
        raise ColorganError(
            f"{options.output} already contains a model; choose another folder, or replace it with --overwrite"
        )
    if options.report and not options.card:
        raise ColorganError("--report fills the metrics of a model card; give the rest of the card with --card FILE")
    card = ModelCard.read(options.card) if options.card else None
    if card and options.report:
        card = replace(card, metrics=_metrics(options.report, options.checkpoint, options.output / WEIGHTS))
    write_released(
        read_network(options.checkpoint), options.output, card.markdown() if card else "", half=not options.full
    )
    source = options.output / _CARD_SOURCE
    if card and options.report:
        with atomic_write(source) as temporary:
            content = yaml.safe_dump(asdict(card), sort_keys=False, allow_unicode=True, width=140)
            temporary.write_text(content, encoding="utf-8")
    elif card and options.card.resolve() != source.resolve():
        shutil.copyfile(options.card, source)
    read_released(options.output)  # verifies that the model can be loaded
    num_bytes = sum(file.stat().st_size for file in (options.output / WEIGHTS, options.output / CONFIG))
    print(f"{options.output}: {num_bytes / 1e6:.1f} MB")
    return 0


def _metrics(report: Path, checkpoint: Path, released: Path) -> dict[str, dict[str, float]]:
    """The results of the checkpoint, or of the model that was released from it before."""
    from colorgan.evaluation.report.card import card_metrics  # imported here, so that --help is fast

    return card_metrics(report, {digest(file) for file in (checkpoint, released) if file.is_file()})
