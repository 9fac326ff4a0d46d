"""`colorgan colorize` of photos of 500 x 375 pixels: a reference version, the network alone, and this version.

The photos are made from those of ``$COLORGAN_DATA/photos1000``, in a temporary folder.

    git worktree add --detach /tmp/reference b7d1742
    python benchmarks/colorize.py --reference /tmp/reference
    python benchmarks/colorize.py --photos 100 --format webp --checkpoint model.onnx
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps
from side_by_side import add_series, command, in_turns, report

REPOSITORY = Path(__file__).resolve().parents[1]
_SIZE = (500, 375)
_BATCH_SIZE = 8
_RUN = "import sys; from colorgan.cli import main; sys.exit(main(sys.argv[1:]))"


def make_photos(source: Path, folder: Path, count: int) -> None:
    """Writes photos of 500 x 375 pixels, made from those of a folder, from the first on, as often as needed."""
    files = sorted(source.glob("*.jpg"))
    if not files:
        raise SystemExit(f"{source} contains no .jpg files; set COLORGAN_DATA, or give another --source")
    for number in range(count):
        with Image.open(files[number % len(files)]) as photo:
            ImageOps.fit(photo.convert("RGB"), _SIZE).save(folder / f"{number}.jpg", quality=92)


def colorize(checkout: Path, photos: Path, output: Path, options: list[str]) -> Callable[[], object]:
    """A run of ``colorgan colorize`` of a checkout."""
    args = ["colorize", photos, "-o", output, "--overwrite", *options]
    return command([sys.executable, "-c", _RUN, *args], env={**os.environ, "PYTHONPATH": str(checkout)}, cwd=checkout)


def network_alone(photos: Path, checkpoint: str | None) -> Callable[[], object]:
    """The network on as many images of its working size, without anything before and after it."""
    sys.path.insert(0, str(REPOSITORY))
    from colorgan.images import read_rgb
    from colorgan.inference import open_model
    from colorgan.inference.photo_colorizer import as_batch
    from colorgan.inference.small_image import downscale, working_shape

    model = open_model(checkpoint)
    files = sorted(photos.iterdir())
    image = downscale(read_rgb(files[0]), working_shape(_SIZE[::-1], model.size))
    batch = as_batch([image] * _BATCH_SIZE)
    calls = max(1, len(files) // _BATCH_SIZE)
    return lambda: [model.run_network(batch) for _ in range(calls)]


def main() -> None:
    """Runs the versions in turns."""
    parser = argparse.ArgumentParser(description="Compare colorgan colorize with an older version.")
    parser.add_argument("--reference", type=Path, metavar="CHECKOUT", help="a checkout of an older version of colorgan")
    parser.add_argument("--reference-checkpoint", metavar="PATH", help="its model (default: the one it ships)")
    parser.add_argument("--checkpoint", metavar="PATH", help="the model (default: the one that ships with colorgan)")
    parser.add_argument("--photos", type=int, default=1000, help="number of photos")
    parser.add_argument("--format", default="png", choices=("png", "jpg", "webp"), help="of the files written here")
    parser.add_argument("--turns", type=int, default=3, help="measured runs of each version")
    parser.add_argument(
        "--source", type=Path, default=Path(os.environ.get("COLORGAN_DATA", "data"), "photos1000"), help="photos"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the time per photo to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        photos, output = Path(temporary, "photos"), Path(temporary, "out")
        photos.mkdir()
        make_photos(options.source, photos, options.photos)
        works = {}
        if options.reference is not None:
            old = ["--checkpoint", options.reference_checkpoint] if options.reference_checkpoint else []
            works["reference"] = colorize(options.reference.resolve(), photos, output, old)
        works["network alone, batches of 8"] = network_alone(photos, options.checkpoint)
        new = ["--format", options.format, *(["--checkpoint", options.checkpoint] if options.checkpoint else [])]
        works["colorgan colorize"] = colorize(REPOSITORY, photos, output, new)
        runs = in_turns(works, options.turns, warmups=0)
        report(f"colorgan colorize, {options.photos} photos of 500 x 375", runs, options.photos, "photos")
        if options.json:
            add_series(options.json, "colorgan colorize", options.photos, runs["colorgan colorize"])


if __name__ == "__main__":
    main()
