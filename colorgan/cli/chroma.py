"""``colorgan chroma fit|validate|test``: the trainer's commands for the chrominance regressor."""

from colorgan.cli.trainer import train
from colorgan.errors import ColorganError
from colorgan.training.regressor import ChromaRegressor


def main(args: list[str]) -> int:
    """Runs a command of the trainer with a ChromaRegressor instead of a ColorGAN.

    Args:
        args: ``fit``, ``validate`` or ``test``, and its options.

    Returns:
        The exit code.

    Raises:
        ColorganError: for ``predict``, which a regressor does not support.
    """
    if args[:1] == ["predict"]:
        raise ColorganError(
            "a regressor cannot colorize photos: use its checkpoint as --model.generator.regressor to train a generator"
        )
    train(args, model=ChromaRegressor)
    return 0
