"""Paths: patterns, URLs, how they are shown, and where caches lie."""

import os
import re
from pathlib import Path

from colorgan.errors import CheckpointError


def refuse_url(path: str | Path) -> None:
    """Refuses the address of a file that is not on this machine.

    Raises:
        CheckpointError: if ``path`` is a URL.

    Example:
        >>> refuse_url("models/best.ckpt")
        >>> refuse_url(Path("https://example.org/best.ckpt"))
        Traceback (most recent call last):
        ...
        colorgan.errors.CheckpointError: https://example.org/best.ckpt is a URL; ...
    """
    # a Path has only one of the two slashes left
    if address := re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/+", str(path)):
        shown = f"{address[1]}://{str(path)[address.end() :]}"
        raise CheckpointError(f"{shown} is a URL; download the file and give its local path")


def age(file: Path) -> tuple[float, str]:
    """Sort key that orders files from oldest to newest."""
    return file.stat().st_mtime, file.name


def newest_file(source: str, argument: str) -> str:
    """Returns the newest file that matches a pattern.

    Args:
        source: a glob pattern, or a path, which is returned unchanged.
        argument: name of the argument that contains it, for error messages.

    Raises:
        CheckpointError: if no file matches.
    """
    refuse_url(source)
    if not any(character in source for character in "*?["):
        return source
    pattern = Path(source)
    found = [file for file in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))) if file.is_file()]
    if not found:
        raise CheckpointError(
            f"{argument}: no file matches {source}; train that run first, give the path of another checkpoint, or set "
            "it to null"
        )
    return str(max(found, key=age))


def resolved(path: str | Path) -> Path:
    """The absolute path without links. Unlike :meth:`pathlib.Path.resolve`, it takes a link to itself as it is.

    Before Python 3.13, that method raises RuntimeError for such a link.

    >>> resolved("/a/../b").as_posix().endswith("/b")
    True
    """
    return Path(os.path.realpath(path))


def display_path(path: str | Path) -> str:
    """Formats a path for messages: relative to the working directory if it is inside."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def default_cache_dir() -> Path:
    """Returns the folder for caches: ``$COLORGAN_CACHE``, or colorgan's folder in the system's cache folder.

    Its contents can be deleted at any time; they are recreated when needed.
    """
    chosen = os.environ.get("COLORGAN_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs  # here, because machines that only run ONNX files may lack it

    return platformdirs.user_cache_path("colorgan", appauthor=False)
