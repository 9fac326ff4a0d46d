"""Collects the photos that the shipped model is trained and judged on, and holds some of them out.

    python tools/model/photos.py OUT --train train_photos --photos1000 photos1000

- ``OUT/train``: all sets of the folder of training photos, photos1000 and the sample photos, one folder each.
- ``OUT/val``: a tenth of bsds and of photos1000, by seed 0 as by ``data.val_fraction``; the held-out sample photos.
"""

import argparse
import shutil
from pathlib import Path

from colorgan.data import Photos
from colorgan.images import SAMPLE_PHOTOS, list_photos

SIZE, FRACTION, SEED = 160, 0.1, 0


def split(folder: Path) -> dict[str, list[str]]:
    """The names of the photos with color, by split."""
    data = Photos(str(folder), size=SIZE, batch_size=1, val_fraction=FRACTION, seed=SEED)
    data.setup("fit")
    return {name: data.splits[name].names for name in ("train", "val")}


def copy(source: Path, names: list[str], target: Path) -> None:
    for name in names:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, place)
    print(f"{len(names):6,} {target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=Path, required=True, help="folder with a folder for each set")
    parser.add_argument("--photos1000", type=Path, required=True)
    options = parser.parse_args()
    if options.out.exists():
        raise SystemExit(f"{options.out} exists; give a new folder, so that no photo of an earlier split stays in it")
    for folder in sorted(path for path in options.train.iterdir() if path.is_dir()):
        if folder.name != "bsds":
            names = [path.relative_to(folder).as_posix() for path in list_photos(folder)]
            copy(folder, names, options.out / "train" / folder.name)
    for folder, name in ((options.train / "bsds", "bsds"), (options.photos1000, "photos1000")):
        for part, names in split(folder).items():
            copy(folder, names, options.out / part / name)
    for part in ("train", "val"):
        folder = SAMPLE_PHOTOS / part
        copy(folder, [path.name for path in list_photos(folder)], options.out / part / "sample")


if __name__ == "__main__":
    main()
