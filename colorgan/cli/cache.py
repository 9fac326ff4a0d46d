"""``colorgan cache``: lists and deletes the caches of decoded photos."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from colorgan.cli.parsing.options import Option
from colorgan.errors import ColorganError, plural

if TYPE_CHECKING:
    from colorgan.files.photo_caches import StoredCache

_ALL = "all"


def cache(
    *,
    clear: Annotated[str | None, Option(metavar="WHICH", const=_ALL)] = None,
    limit: Annotated[str | None, Option(metavar="SIZE")] = None,
    cache_dir: Annotated[Path | None, Option(metavar="DIR")] = None,
) -> int:
    """List the caches of decoded photos, and delete them.

    Training decodes photos once and keeps them as small squares. Deleted caches are made again when they are needed;
    those that a running program uses are kept.

    Args:
        clear: delete all caches, or those of this folder or name.
        limit: delete the least recently used caches until the others fit into this size, such as 5GB.
        cache_dir: folder of the caches (default: $COLORGAN_CACHE or the system's cache folder).

    Returns:
        0.

    Raises:
        ColorganError: for invalid input.

    Examples:
        colorgan cache
            all caches, with their sizes
        colorgan cache --clear my_photos
            deletes those of a folder
    """
    from colorgan.files import default_cache_dir
    from colorgan.files.photo_caches import SIZE_VARIABLE, format_size, parse_size, shrink, size_limit, stored_caches
    from colorgan.images import printable

    if clear is not None and limit is not None:
        raise ColorganError("--clear and --limit both delete caches; give one of them")
    root = cache_dir if cache_dir is not None else default_cache_dir()
    if cache_dir is not None and not root.is_dir():
        raise ColorganError(f"--cache-dir: there is no folder {printable(root)}")
    if clear is not None:
        for chosen in _choose(stored_caches(root), clear):
            print(f"{'deleted' if chosen.remove() else 'kept, because it is in use'}: {_describe(chosen)}")
    elif limit is not None:
        for removed in shrink(root, parse_size(limit, "--limit")):
            print(f"deleted: {_describe(removed)}")
    caches = stored_caches(root)
    if clear is None and limit is None and caches:
        print("\n".join(_table(caches)))
    total, allowed = format_size(sum(stored.size for stored in caches)), format_size(size_limit())
    print(f"{plural(len(caches), 'cache')} in {printable(root)}: {total} of at most {allowed} ({SIZE_VARIABLE})")
    return 0


def _choose(caches: "list[StoredCache]", which: str) -> "list[StoredCache]":
    """The caches whose photos come from the folder ``which`` or below; if there are none, those with such a name."""
    if which == _ALL:
        return caches
    if not which:  # an unset variable of the shell: every name and source begins with nothing
        raise ColorganError("--clear received an empty text; give a name or a source folder, or leave it out for all")
    source = Path(which).absolute().as_posix()
    found = [stored for stored in caches if f"{stored.about.source}/".startswith((f"{which}/", f"{source}/"))]
    if not found:
        found = [stored for stored in caches if stored.name.startswith(which)]
        if len(found) > 1:
            raise ColorganError(f"--clear: {len(found)} caches have names that begin with {which!r}; give more digits")
    if not found:
        raise ColorganError(f"--clear: there is no cache of {which!r}; `colorgan cache` lists names and sources")
    return found


def _describe(stored: "StoredCache") -> str:
    from colorgan.files.photo_caches import format_size
    from colorgan.images import printable

    about = stored.about
    photos = f"{plural(about.count, 'photo')} of {about.side} px" if about.side else "photos"
    return f"{stored.name[:8]}, {photos} from {printable(about.source)}, {format_size(stored.size)}"


def _table(caches: "list[StoredCache]") -> list[str]:
    from datetime import datetime

    from colorgan.files.photo_caches import format_size
    from colorgan.images import printable

    lines = [f"{'name':<8}  {'photos':>9}  {'px':>5}  {'size':>11}  {'last used':<16}  source"]
    for stored in caches:
        about, used = stored.about, datetime.fromtimestamp(stored.last_used)
        count, side = (f"{about.count:,}", f"{about.side}") if about.side else ("?", "?")
        lines.append(
            f"{stored.name[:8]}  {count:>9}  {side:>5}  {format_size(stored.size):>11}  {used:%Y-%m-%d %H:%M}  "
            f"{printable(about.source)}"
        )
    return lines
