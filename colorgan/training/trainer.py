"""Lightning's Trainer, which also chooses the precision and normalizes over the photos of all processes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from lightning import pytorch
from lightning.pytorch.accelerators import Accelerator
from lightning.pytorch.plugins import LayerSync, Precision
from lightning.pytorch.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy, Strategy
from lightning.pytorch.utilities import rank_zero_info

from colorgan.errors import ColorganError
from colorgan.training.batch_norm import SyncBatchNorm
from colorgan.training.precision import Chosen, choose_precision

_Names = Literal[
    "auto", "32-true", "bf16-mixed", "16-mixed", "bf16-true", "16-true", "64-true",
    "transformer-engine", "transformer-engine-float16", "16", "32", "64", "bf16",
]  # fmt: skip
PrecisionOption = _Names | Literal[16, 32, 64]
"""What Lightning's Trainer accepts, and ``auto``."""


class Trainer(pytorch.Trainer):
    """Lightning's Trainer with the precision ``auto``: mixed precision where this machine trains faster in it.

    Several processes train as one process with the same total batch would: batch normalization is synchronized.

    The choice is logged in one line, and is then the trainer's ``precision``. In Lightning's own class,
    ``precision=choose_precision().name`` has the same effect.

    Strategies that divide the weights among devices are refused, because they give a training step one network.

    Args:
        accelerator: hardware to train on, as in Lightning.
        strategy: how several processes train, as in Lightning; ``ddp_find_unused_parameters_true`` for a GAN.
        precision: ``auto``, or a precision of Lightning.
        sync_batchnorm: normalize over the photos of all processes (see
            :class:`~colorgan.training.batch_norm.SyncBatchNorm`), or in each process over its own.
        limit_train_batches: batches of an epoch, or their fraction of all: 1 is a batch, and 1.0 is all.
        limit_val_batches: likewise, for validation.
        limit_test_batches: likewise, for testing.
        limit_predict_batches: likewise, for prediction.
        overfit_batches: likewise, for training and validation on the same few batches.
        val_check_interval: batches between validations, or their fraction of an epoch; or a time, as in Lightning.
        **kwargs: the other arguments of Lightning's Trainer. A plugin that sets the precision takes precedence over
            ``auto``.

    Raises:
        ColorganError: for FSDP, DeepSpeed and model parallelism.

    Example:
        >>> Trainer(accelerator="cpu", precision="32-true", logger=False, enable_checkpointing=False).precision
        '32-true'
    """

    def __init__(
        self,
        *,
        accelerator: str | Accelerator = "auto",
        strategy: str | Strategy = "auto",
        precision: PrecisionOption | None = "auto",
        sync_batchnorm: bool = True,
        # Written out, because Lightning's Optional[Union[int, float]] is whatever typing has cached: after another
        # library's Optional[Union[float, int]], a parser that tries the types in order makes 1.0, all batches, of 1.
        limit_train_batches: int | float | None = None,
        limit_val_batches: int | float | None = None,
        limit_test_batches: int | float | None = None,
        limit_predict_batches: int | float | None = None,
        overfit_batches: int | float = 0.0,
        val_check_interval: int | float | str | timedelta | dict[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        _check_strategy(strategy)
        if precision == "auto":
            precision = None if _plugin_sets_precision(kwargs) else _choose(accelerator)
        if sync_batchnorm and not any(isinstance(plugin, LayerSync) for plugin in _plugins(kwargs)):
            kwargs["plugins"] = [*_plugins(kwargs), SyncBatchNorm()]
        super().__init__(
            accelerator=accelerator,
            strategy=strategy,
            precision=precision,
            limit_train_batches=limit_train_batches,
            limit_val_batches=limit_val_batches,
            limit_test_batches=limit_test_batches,
            limit_predict_batches=limit_predict_batches,
            overfit_batches=overfit_batches,
            val_check_interval=val_check_interval,
            **kwargs,
        )


def _check_strategy(strategy: str | Strategy) -> None:
    name = strategy if isinstance(strategy, str) else type(strategy).__name__
    if isinstance(strategy, FSDPStrategy | DeepSpeedStrategy | ModelParallelStrategy) or name.startswith(
        ("fsdp", "deepspeed")
    ):
        raise ColorganError(
            f"trainer.strategy={name} divides the weights of one network among devices, but a GAN trains two in turn: "
            "use ddp_find_unused_parameters_true, and save memory with model.checkpoint_gradients=true"
        )


def _plugin_sets_precision(arguments: Mapping[str, Any]) -> bool:
    return any(isinstance(plugin, Precision) for plugin in _plugins(arguments))


def _plugins(arguments: Mapping[str, Any]) -> list[Any]:
    plugins = arguments.get("plugins")
    return plugins if isinstance(plugins, list) else [] if plugins is None else [plugins]


def _choose(accelerator: str | Accelerator) -> Chosen:
    if isinstance(accelerator, Accelerator):
        accelerator = type(accelerator).__name__.removesuffix("Accelerator").lower()
    choice = choose_precision(accelerator)
    rank_zero_info(str(choice))
    return choice.name
