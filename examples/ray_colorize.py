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
import os
import posixpath
import sys
from collections.abc import Mapping, Sequence
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


class Colorize:
    """An actor: opens the model once, and colorizes and writes batches of photos.

    Args:
        targets: maps the path of a photo to that of its result, whose suffix is its format.
        filesystem: where results are written.
        checkpoint: the model, as for :class:`colorgan.Colorizer`.
        device: where its network runs.
    """

    def __init__(
        self, targets: Mapping[str, str], filesystem: fs.FileSystem, checkpoint: str | None, device: str
    ) -> None:
        self.targets, self.filesystem = targets, filesystem
        self.colorizer = Colorizer(checkpoint, device)

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
            target = self.targets[path]
            try:
                after = prediction.apply_to(before, num_threads=1)
                self._write(target, after, chosen_metadata(photos[path], "basic"))
            except (OSError, ValueError) as error:  # ValueError: too large for its format
                problems[path] = f"cannot write {printable(target)}: {error}"
        paths = [str(path) for path in batch["path"]]
        return {"path": paths, "problem": [problems.get(path, "") for path in paths]}

    def _write(self, target: str, pixels: SRGBArray, photo: Photo) -> None:
        """Writes a file whole or not at all, as object stores do anyway."""
        if isinstance(self.filesystem, fs.LocalFileSystem):
            write_photo(target, pixels, photo)
            return
        data = io.BytesIO()
        encode_photo(data, pixels, FORMATS[PurePosixPath(target).suffix.lower()], photo)
        with self.filesystem.open_output_stream(target) as stream:
            stream.write(data.getvalue())


def place(address: str) -> tuple[fs.FileSystem, str]:
    """The file system and the path of a folder, or of an address such as ``s3://bucket/photos`` or ``gs://…``."""
    if "://" not in address:
        return fs.LocalFileSystem(), Path(address).absolute().as_posix()
    filesystem, path = fs.FileSystem.from_uri(address)
    return filesystem, path.rstrip("/")


def plan(photos: str, output: str) -> tuple[dict[str, str], int]:
    """Chooses the file of each result, as ``colorgan colorize`` does.

    Returns:
        Maps paths of photos to those of results that do not exist, and the number of those that do.

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
    found = sorted(
        file.path
        for file in files
        if file.type == fs.FileType.File
        and PurePosixPath(file.path).suffix.lower() in extensions()
        and not any(part.startswith(".") for part in PurePosixPath(posixpath.relpath(file.path, root)).parts)
        and not (source == destination and file.path.startswith(f"{out}/"))
    )
    if not found:
        raise ColorganError(f"there are no photos in {printable(photos)}")
    names = choose_targets([PurePosixPath(posixpath.relpath(path, root)) for path in found], None)
    targets = {path: posixpath.join(out, name) for path, name in zip(found, names, strict=True)}
    there = {file.path for file in destination.get_file_info(fs.FileSelector(out, True, recursive=True))}
    return {path: target for path, target in targets.items() if target not in there}, len(there & {*targets.values()})


def colorize(
    targets: Mapping[str, str],
    source: fs.FileSystem,
    destination: fs.FileSystem,
    *,
    workers: int = 1,
    gpus_per_worker: float = 0,
    checkpoint: str | None = None,
    batch_size: int = 8,
) -> list[str]:
    """Colorizes photos on the cluster to which this process is connected.

    Args:
        targets: maps the paths of photos to those of results.
        source: where the photos are.
        destination: where the results go.
        workers: actors, each with a model and a core.
        gpus_per_worker: GPUs of each; 0 runs on processors.
        checkpoint: as for :class:`colorgan.Colorizer`; a path must be the same on all machines.
        batch_size: photos that an actor receives at a time.

    Returns:
        A sentence for each photo that failed.
    """
    outcomes = (
        # a quarter of a core: reading waits for the disk or the network
        ray.data.read_binary_files(
            list(targets), filesystem=source, include_paths=True, ray_remote_args={"num_cpus": 0.25}
        ).map_batches(
            Colorize,
            fn_constructor_args=(targets, destination, checkpoint, "cuda" if gpus_per_worker else "cpu"),
            compute=ray.data.ActorPoolStrategy(size=workers),
            batch_size=batch_size,
            num_cpus=1,
            num_gpus=gpus_per_worker,
        )
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
        targets, there = plan(options.photos, options.output)
    except ColorganError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    failures = []
    if targets:
        if options.address:
            ray.init(options.address)
        else:  # a core beyond those of the workers, for reading
            ray.init(num_cpus=options.workers + 1, include_dashboard=False, logging_level="warning")
        ray.data.DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
        try:
            failures = colorize(
                targets,
                place(options.photos)[0],
                place(options.output)[0],
                workers=options.workers,
                gpus_per_worker=options.gpus_per_worker,
                checkpoint=options.checkpoint,
            )
        finally:
            ray.shutdown()
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    written = len(targets) - len(failures)
    sys.stdout.write(f"{written} photos colorized, {there} were there, {len(failures)} failed\n{options.output}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
