"""Whether networks that begin from pretrained weights should load them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WANTED = ContextVar("pretrained_weights_wanted", default=True)


@contextmanager
def without_pretrained_weights() -> Iterator[None]:
    """Builds networks whose weights come from a checkpoint: nothing is loaded or downloaded inside this block."""
    token = _WANTED.set(False)
    try:
        yield
    finally:
        _WANTED.reset(token)


def pretrained_weights_wanted() -> bool:
    """Whether a network under construction should load its pretrained weights."""
    return _WANTED.get()
