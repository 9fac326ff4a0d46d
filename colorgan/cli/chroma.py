"""``colorgan chroma fit|validate|test``: the trainer's commands for the chrominance regressor."""

from typing import Annotated

from colorgan.cli.parsing.options import PassThrough
from colorgan.errors import ColorganError


def chroma(*args: Annotated[str, PassThrough()]) -> int:
    """Train, validate or test a regressor of the mean color.

    These are the commands of the trainer with a ``ChromaRegressor`` instead of a ``ColorGAN``.

    Args:
        args: ``fit``, ``validate`` or ``test``, and its options.

    Returns:
        The exit code.

    Raises:
        ColorganError: for ``predict``, which a regressor does not support.
    """
    from colorgan.cli.trainer import train
    from colorgan.training.regressor import ChromaRegressor

    if args[:1] == ("predict",):
        raise ColorganError(
            "a regressor cannot colorize photos: use its checkpoint as --model.generator.regressor to train a generator"
        )
    train(list(args), model=ChromaRegressor, prog="colorgan chroma")
    return 0
