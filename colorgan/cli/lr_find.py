"""``colorgan lr-find``: a range test of the generator's learning rate, with a chart and a suggestion."""

from typing import Annotated

from colorgan.cli.parsing.options import PassThrough


def lr_find(*args: Annotated[str, PassThrough()]) -> int:
    """Find a learning rate for `fit`.

    Args:
        args: the options of ``fit``, and those of the test as ``--lr_find.NAME``.

    Returns:
        The exit code.
    """
    from colorgan.cli.trainer import train
    from colorgan.cli.trainer.lr_range import LRFindCLI

    train(["fit", *args], LRFindCLI)
    return 0
