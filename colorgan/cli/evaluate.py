"""``colorgan evaluate``: measures checkpoints and folders of images, and writes a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from colorgan.cli.parsing.options import Option, Range
from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from colorgan.evaluation.report.photos import Resize

_DEFAULT_SIZE = 256
_LITERATURE_SIZE = 256


def evaluate(
    systems: Annotated[Sequence[str], Option(metavar="SYSTEM")],
    *,
    root: Annotated[str, Option(("--data.root",), "DIR")],
    out: Annotated[Path, Option(metavar="DIR")],
    train: Annotated[str | None, Option(("--data.train",), "DIR")] = None,
    protocol: Literal["default", "literature"] = "default",
    limit: Annotated[int | None, Range(1), Option(metavar="N")] = None,
    size: Annotated[int | None, Range(0, 8192), Option(metavar="N")] = None,
    square: Annotated[bool, Option(rare=True)] = False,
    features: Annotated[Sequence[str], Option(metavar="NAME", rare=True)] = (),
    inception: Annotated[str | None, Option(("--weights.inception",), "FILE", rare=True)] = None,
    lpips: Annotated[str | None, Option(("--weights.lpips",), "FILE", rare=True)] = None,
    hints: Literal["zhang2017", "icolorit", "both"] | None = None,
    margin: Annotated[float, Range(0, 255), Option(metavar="M", rare=True)] = 12.0,
    kid_subset_size: Annotated[int | None, Range(2), Option(metavar="N", rare=True)] = None,
    group: Annotated[Sequence[str], Option(metavar="NAME=SYSTEM,SYSTEM", rare=True)] = (),
    latex: bool = False,
    images: Literal["checkpoints", "all", "none"] | None = None,
    sheet: Annotated[int, Range(1, 1000), Option(metavar="N", rare=True)] = 20,
    device: str = "auto",
    title: Annotated[str | None, Option(rare=True)] = None,
    trust: Annotated[Sequence[str], Option(metavar="NAME", rare=True)] = (),
    wandb: Annotated[str | None, Option(metavar="PROJECT", const="colorgan", rare=True)] = None,
) -> int:
    r"""Compare checkpoints and folders of images with reference photos.

    The images of a folder may have been made by any program.

    Args:
        systems: a checkpoint, the folder of a training run or a released model, or a folder of images with the names
            of the photos; NAME=PATH sets its name in the report.
        root: reference photos: a folder (its test/ or val/, if there is one), or `sample` for the sample photos.
        out: folder of the report.
        train: training photos for the mean color baseline (default: train/ in the folder of --data.root).
        protocol: `literature`: the first --limit photos, ordered by name, all resized to 256 x 256, and all images
            written as PNG, like published tables of FID, colorfulness and PSNR.
        limit: use only the first N photos in the order of their names.
        size: downscale photos whose shorter side is longer than N pixels, keeping their proportions; 0 keeps the size
            of every photo (default: 256).
        square: resize all photos to squares of --size pixels, distorting them.
        features: also measure the Fréchet distance on this extractor of torch-fidelity; repeatable.
        inception: local file with the weights of Inception, for machines without a network.
        lpips: local file with torchvision's AlexNet weights for LPIPS, for machines without a network.
        hints: also measure PSNR against the number of hints, in the protocol of Zhang et al. 2017 (6 x 6 pixels at
            256 px), of iColoriT (2 x 2 at 224 px), or in both; the hints are written to hints/ in the report's folder.
        margin: margin of the margin accuracy, of 255.
        kid_subset_size: photos in a subset of the kernel distance (default: 1,000, or half of the photos).
        group: compare several systems as one, such as runs that differ only in their seed: their names in the report;
            repeatable.
        latex: also write the tables as report.tex, for papers (needs the LaTeX package booktabs).
        images: systems whose images are written as PNG to images/ in the report's folder; `all` adds the baselines
            and the reference at the measured size, so that other programs can measure the same images
            (default: checkpoints).
        sheet: photos on the contact sheet.
        device: auto, cpu, cuda or mps.
        title: heading of the report (default: the name of its folder).
        trust: package, module or class of your own that a checkpoint may name, such as mynet, or the config.yaml of its
            run; repeatable.
        wandb: also upload the report to Weights & Biases, by default to the project `colorgan`.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if an argument or a file is invalid.

    Examples:
        colorgan evaluate checkpoints/RUN --data.root photos --out reports/first
        colorgan evaluate ours=best.ckpt theirs=images/deoldify \
            --data.root photos/test --out reports/two
            a checkpoint and the images of another program
        colorgan evaluate best.ckpt --data.root imagenet/val --limit 5000 \
            --protocol literature --out reports/imagenet
            comparable to published tables
    """
    from colorgan.evaluation.report.evaluation import evaluate as write_report
    from colorgan.inference.device import choose_device

    is_literature = protocol == "literature"
    report = write_report(
        systems,
        root=root,
        out=out,
        train=train,
        resize=_resize(size, square, is_literature),
        protocol=protocol,
        limit=limit,
        features=features,
        inception=inception,
        lpips=lpips,
        hints=() if hints is None else ("zhang2017", "icolorit") if hints == "both" else (hints,),
        margin=margin / 255,
        subset_size=kid_subset_size,
        groups=group,
        latex=latex,
        save_images=images or ("all" if is_literature else "checkpoints"),
        sheet_size=sheet,
        device=choose_device(device),
        title=title,
        trust=trust,
    )
    if wandb is not None:
        from colorgan.evaluation.report.wandb_upload import upload_report

        print(f"Weights & Biases: {upload_report(report.parent, wandb)}")
    print(f"report: {report}")
    return 0


def _resize(size: int | None, square: bool, is_literature: bool) -> "Resize":
    from colorgan.evaluation.report.photos import Resize

    if is_literature:
        if size is not None or square:
            raise ColorganError("--protocol literature fixes the size at 256 x 256; leave out --size and --square")
        return Resize(_LITERATURE_SIZE, square=True)
    return Resize(_DEFAULT_SIZE if size is None else size, square=square)
