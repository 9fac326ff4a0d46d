"""Colorizes more photos than one machine can: from a folder or a bucket into another, on a cluster, with Ray Data.

    pip install -e '.[ray]'                                                      # in a clone
    python examples/ray_colorize.py my_photos -o colorized --workers 2           # on this machine
    python examples/ray_colorize.py s3://bucket/photos -o s3://bucket/colorized --workers 16 --address auto

Tasks read the files, wherever the cluster has room, and a pool of actors, each of which opens the model once, colorizes
them and writes the results. Names, sizes, formats and pixels of the results are those of ``colorgan colorize``.
Results that exist are skipped, so that an interrupted job continues; photos that cannot be read are named at the end.
"""

import argparse
import io
import logging
import os
import posixpath
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before Ray is imported: no statistics are sent

import ray
from pyarrow import fs

from colorgan import ColorganError, Colorizer
from colorgan.color.cielab import SRGBArray
from colorgan.images import (
    FORMATS,
    Photo,
    UnreadableImage,
    chosen_metadata,
    encode_photo,
    extensions,
    printable,
    read_photo,
    write_photo,
)
from colorgan.inference.batch.targets import choose_targets

Batch: TypeAlias = dict[str, Sequence[Any]]
"""Columns of a batch of Ray Data."""


@dataclass(frozen=True)
class Plan:
    """Which photos are colorized, and where their results go.

    Attributes:
        source, root: file system and folder of the photos.
        destination, out: file system and folder of the results.
        renamed: relative names of the photos whose results have another name, which is mapped to. They are few, so
            that a plan that is sent to an actor is small.
    """

    source: fs.FileSystem
    root: str
    destination: fs.FileSystem
    out: str
    renamed: dict[str, str]

    def target(self, path: str) -> str:
        """The path of the result of a photo; its suffix is its format."""
        name = posixpath.relpath(path, self.root)
        return posixpath.join(self.out, self.renamed.get(name, name))


class Colorize:
    """An actor: opens the model once, and colorizes and writes batches of photos.

    Args:
        plan: where the results go.
        checkpoint: the model, as for :class:`colorgan.Colorizer`.
        device: where its network runs.
    """

    def __init__(self, plan: Plan, checkpoint: str | None, device: str) -> None:
        self.plan, self.colorizer = plan, Colorizer(checkpoint, device)

    def __call__(self, batch: Batch) -> Batch:
        """Takes the columns ``path`` and ``bytes``; returns ``path`` and ``problem``, which is empty for a success."""
        photos: dict[str, Photo] = {}
        problems: dict[str, str] = {}
        for path, data in zip(map(str, batch["path"]), batch["bytes"], strict=True):
            try:
                photos[path] = read_photo(data)
            except UnreadableImage as error:
                problems[path] = f"cannot read {printable(path)}: {error.reason}"
        pixels = [photo.rgb if photo.gray16 is None else photo.gray16 for photo in photos.values()]
        predictions = self.colorizer.predict_chroma(pixels)
        for path, before, prediction in zip(photos, pixels, predictions, strict=True):
            target = self.plan.target(path)
            try:
                after = prediction.apply_to(before, num_threads=1)
                self._write(target, after, chosen_metadata(photos[path], "basic"))
            except (OSError, ValueError) as error:  # ValueError: too large for its format
                problems[path] = f"cannot write {printable(target)}: {error}"
        paths = [str(path) for path in batch["path"]]
        return {"path": paths, "problem": [problems.get(path, "") for path in paths]}

    def _write(self, target: str, pixels: SRGBArray, photo: Photo) -> None:
        """Writes a file whole or not at all, as object stores do anyway."""
        if isinstance(self.plan.destination, fs.LocalFileSystem):
            write_photo(target, pixels, photo)
            return
        data = io.BytesIO()
        encode_photo(data, pixels, FORMATS[PurePosixPath(target).suffix.lower()], photo)
        with self.plan.destination.open_output_stream(target) as stream:
            stream.write(data.getvalue())


def place(address: str) -> tuple[fs.FileSystem, str]:
    """The file system and the path of a folder, or of an address such as ``s3://bucket/photos`` or ``gs://…``."""
    if "://" not in address:
        return fs.LocalFileSystem(), Path(address).absolute().as_posix()
    filesystem, path = fs.FileSystem.from_uri(address)
    return filesystem, path.rstrip("/")


def make_plan(photos: str, output: str) -> tuple[Plan, list[str], int]:
    """Chooses the photos, and the file of each result, as ``colorgan colorize`` does.

    Returns:
        The plan, the photos whose results do not exist, and the number of those whose results do.

    Raises:
        ColorganError: if there are no photos, or their folder is that of the results.
    """
    source, root = place(photos)
    destination, out = place(output)
    if (source, root) == (destination, out):
        raise ColorganError(f"{printable(output)} is the folder of the photos; choose another --output")
    if source.get_file_info(root).type != fs.FileType.Directory:
        raise ColorganError(f"there is no folder {printable(photos)}; give a folder of photos, or its address")
    files = source.get_file_info(fs.FileSelector(root, recursive=True))
    names = sorted(
        posixpath.relpath(file.path, root)
        for file in files
        if file.type == fs.FileType.File and not (source == destination and file.path.startswith(f"{out}/"))
    )
    names = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in extensions() and not name.startswith(".") and "/." not in name
    ]
    if not names:
        raise ColorganError(f"there are no photos in {printable(photos)}")
    targets = map(str, choose_targets([PurePosixPath(name) for name in names], None))
    renamed = {name: target for name, target in zip(names, targets, strict=True) if name != target}
    plan = Plan(source, root, destination, out, renamed)
    there = {file.path for file in destination.get_file_info(fs.FileSelector(out, True, recursive=True))}
    paths = [posixpath.join(root, name) for name in names]
    left = [path for path in paths if plan.target(path) not in there]
    return plan, left, len(paths) - len(left)


def colorize(
    plan: Plan,
    paths: Sequence[str],
    *,
    workers: int = 1,
    gpus_per_worker: float = 0,
    checkpoint: str | None = None,
    batch_size: int = 8,
) -> list[str]:
    """Colorizes photos on the cluster to which this process is connected.

    Args:
        plan: where the photos are, and where the results go.
        paths: paths of the photos.
        workers: actors, each with a model and a core.
        gpus_per_worker: GPUs of each; 0 runs on processors.
        checkpoint: as for :class:`colorgan.Colorizer`; a path must be the same on all machines.
        batch_size: photos that an actor receives at a time.

    Returns:
        A sentence for each photo that failed.
    """
    photos = ray.data.read_binary_files(list(paths), filesystem=plan.source, include_paths=True)
    outcomes = photos.map_batches(
        Colorize,
        fn_constructor_args=(plan, checkpoint, "cuda" if gpus_per_worker else "cpu"),
        compute=ray.data.ActorPoolStrategy(size=workers),
        batch_size=batch_size,
        num_cpus=1,
        num_gpus=gpus_per_worker,
    )
    return sorted(row["problem"] for row in outcomes.iter_rows() if row["problem"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns:
        The exit code: 0, or 1 if a photo failed.
    """
    parser = argparse.ArgumentParser(description="Colorize a folder of photos on a Ray cluster.")
    parser.add_argument("photos", help="folder of photos, or an address such as s3://bucket/photos")
    parser.add_argument("-o", "--output", required=True, help="folder of the results, or its address")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="actors, each with a model and a core")
    parser.add_argument("--gpus-per-worker", type=float, default=0, metavar="N", help="GPUs of each, such as 0.25")
    parser.add_argument("--checkpoint", metavar="PATH", help="default: the model that ships with colorgan")
    parser.add_argument("--address", metavar="ADDRESS", help="cluster to join, such as auto; default: a new one here")
    options = parser.parse_args(arguments)
    try:
        plan, paths, num_there = make_plan(options.photos, options.output)
    except ColorganError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    failures = []
    if paths:
        if options.address:
            ray.init(options.address)
        else:  # a core beyond those of the workers, for reading
            ray.init(num_cpus=options.workers + 1, include_dashboard=False, logging_level=logging.WARNING)
        ray.data.DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
        try:
            failures = colorize(
                plan,
                paths,
                workers=options.workers,
                gpus_per_worker=options.gpus_per_worker,
                checkpoint=options.checkpoint,
            )
        finally:
            ray.shutdown()
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    written = len(paths) - len(failures)
    sys.stdout.write(f"{written} photos colorized, {num_there} were there, {len(failures)} failed\n{options.output}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
