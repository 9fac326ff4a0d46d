"""``colorgan study``: makes a page on which people say which photo is real."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option, Range


def study(
    systems: Annotated[Sequence[str], Option(metavar="SYSTEM")],
    *,
    reference: Annotated[str, Option(metavar="DIR")],
    output: Annotated[Path, Option(("-o", "--output"), "DIR")],
    photos: Annotated[int | None, Range(2, 2000), Option(metavar="N")] = None,
    practice: Annotated[int | None, Range(0, 100), Option(metavar="N")] = None,
    vigilance: Annotated[int | None, Range(0, 100), Option(metavar="N")] = None,
    seconds: Annotated[float | None, Range(0.1, 600), Option(metavar="S")] = None,
    size: Annotated[int, Range(16, 2048), Option(metavar="N")] = 256,
    seed: Annotated[int, Range(0, 2**31), Option(metavar="N")] = 0,
    title: Annotated[str, Option(rare=True)] = "Real or colorized?",
    max_size: Annotated[float, Range(0.01, 500), Option(metavar="MB", rare=True)] = 20.0,
    device: Annotated[str, Option(rare=True)] = "auto",
    trust: Annotated[Sequence[str], Option(metavar="NAME", rare=True)] = (),
) -> int:
    """Make a user study: which photo is real, and which was colorized?

    Writes study.html, one file for the participants that loads nothing from elsewhere, and key.json, which says what is
    real and stays with you. `colorgan study-serve` collects answers on this machine, and participants can save them as
    files. `colorgan study-report` evaluates them.

    Args:
        systems: a folder of images with the names of the photos, a checkpoint, the folder of a training run or a
            released model; NAME=PATH sets its name.
        reference: folder of the real photos (its test/ or val/, if there is one), or `sample` for the sample photos.
        output: folder of the study.
        photos: photos of the study; a participant sees each once, with one of the systems (default: up to 40).
        practice: pairs of other photos before the study, with feedback (default: a tenth).
        vigilance: pairs with a photo of wrong colors among the others, which show who pays attention (default: a
            tenth).
        seconds: time for which a pair is visible, such as 1 (default: until the choice).
        size: downscale photos whose shorter side is longer than N pixels.
        seed: random seed; it chooses the photos.
        title: heading of the page.
        max_size: maximum size of the page.
        device: auto, cpu, cuda or mps.
        trust: package, module or class of your own that a checkpoint may name, such as mynet, or the config.yaml of its
            run; repeatable.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: for invalid input.

    Examples:
        colorgan study ours=ours/ theirs=theirs/ --reference photos -o my_study
            compares two folders of colorized photos
        colorgan study best.ckpt --reference photos -o my_study --seconds 1
            shows each pair for a second
    """
    from colorgan.errors import plural
    from colorgan.evaluation.study.key import KEY, PAGE
    from colorgan.evaluation.study.making import StudyOptions, make_study
    from colorgan.images import printable
    from colorgan.inference.device import choose_device

    options = StudyOptions(photos, practice, vigilance, seconds, size, seed, round(max_size * 1_000_000))
    key = make_study(
        systems,
        reference=reference,
        out=output,
        options=options,
        title=title,
        device=choose_device(device),
        trust=trust,
    )
    record, page = key.record, output / PAGE
    print(
        f"{plural(record['photos']['count'], 'photo')}, {record['practice']} more for practice and "
        f"{record['vigilance']} for vigilance; {plural(len(key.systems), 'system')}; "
        f"{page.stat().st_size / 1e6:.1f} MB"
    )
    print(f"send {printable(page)} to participants; keep {printable(output / KEY)}, which says what is real")
    print(printable(page))
    return 0
