"""The memory of this machine."""

import os


def total_memory() -> int | None:
    """The machine's memory in bytes; ``None`` if the system does not say.

    >>> (total_memory() or 1) > 0
    True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None
