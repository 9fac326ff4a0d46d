"""What all trainable models share: their arguments are plain data in a checkpoint, from which they are rebuilt."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

from colorgan.data.protocol import check_batch
from colorgan.errors import CheckpointError
from colorgan.inference.building import BUILDING_ERRORS, cannot_be_rebuilt, shapes_only
from colorgan.inference.checkpoint import hyper_parameters, read
from colorgan.inference.schema import check_state
from colorgan.inference.trust import trusted_names
from colorgan.models.base import ImageNetwork
from colorgan.models.config import Part, to_config
from colorgan.models.encoders import without_pretrained_weights
from colorgan.training.divergence import DivergenceCheck, check_saved_tensors, gradient_norm
from colorgan.training.photo_rows import PhotoRows
from colorgan.training.restored import check_optimizer_states

Role = tuple[tuple[str, ...], Any, Callable[..., Any]]
"""Names of constructor arguments, the base class of their values, and the function that builds one from plain data."""

_BATCHES_BETWEEN_CHECKS = 50
"""Asking a GPU whether values are finite makes it wait; on a CPU it costs nothing and is done in every batch."""


class Trainable(Part, LightningModule, ABC):
    """A LightningModule whose constructor takes plain values, parts, and factories of networks and optimizers.

    All arguments are saved as plain hyperparameters. A subclass lists those that are more than plain values in
    ``roles``. Its validation and test steps add the results of their photos to ``photo_rows``, whose means are logged
    at the end of the epoch.
    """

    roles: ClassVar[tuple[Role, ...]] = ()
    colorizes: ClassVar[bool] = True
    """Whether its steps return photos, which metrics of photos are computed from."""
    optimized: ClassVar[tuple[str, ...]] = ("network",)
    """What each optimizer trains, in the order of ``configure_optimizers``, for messages."""

    def __init__(self) -> None:
        super().__init__()
        self.divergence = DivergenceCheck()
        self.photo_rows = PhotoRows()
        self.save_hyperparameters({**self.default_arguments(), **to_config(self.init_args)}, logger=False)

    @property
    @abstractmethod
    def trained_network(self) -> ImageNetwork:
        """The network that training is for."""

    @abstractmethod
    def logged_metrics(self) -> Collection[str]:
        """Names of the metrics that training and validation log, for those who monitor them."""

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]
        cls, checkpoint_path: str | Path, map_location: Any = "cpu", trust: Iterable[str | Path] = (), **overrides: Any
    ) -> Self:
        """Rebuilds a model from a checkpoint that may come from a stranger.

        Args:
            checkpoint_path: a local ``.ckpt`` file.
            map_location: the device that the model is moved to.
            trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.
            **overrides: constructor arguments that replace those of the checkpoint.

        Raises:
            CheckpointError: if the file is missing, damaged, foreign, or names classes that are not trusted.
        """
        contents = read(checkpoint_path)
        try:
            arguments = {**cls.arguments_from_config(hyper_parameters(contents), trusted_names(trust)), **overrides}
            with without_pretrained_weights():
                with shapes_only(len(contents["state_dict"]), checkpoint_path):
                    skeleton = cls(**arguments)
                check_state(skeleton, contents["state_dict"], checkpoint_path)
                model = cls(**arguments)
        except BUILDING_ERRORS as error:
            raise cannot_be_rebuilt(error, checkpoint_path) from error
        model.load_state_dict(contents["state_dict"])
        return model.to(map_location)

    @classmethod
    def default_arguments(cls) -> dict[str, Any]:
        """The constructor's defaults as plain data."""
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {p.name: to_config(p.default) for p in parameters if p.default is not inspect.Parameter.empty}

    @classmethod
    def arguments_from_config(cls, config: dict[str, Any], trusted: Collection[str] = ()) -> dict[str, Any]:
        """Turns the plain hyperparameters of a checkpoint into constructor arguments; builds allowed classes only.

        Raises:
            CheckpointError: if an argument is unknown, or a class is named that is neither ours nor torch's nor
                trusted.
        """
        unknown = [name for name in config if name not in inspect.signature(cls.__init__).parameters]
        if unknown:
            raise CheckpointError(
                f"the checkpoint is not one of a {cls.__name__}, which has no argument {unknown[0]!r:.80}; give the "
                "checkpoint of another model, or use the version of colorgan that wrote it"
            )
        arguments = dict(config)
        for names, base, build in cls.roles:
            for name in names:
                if arguments.get(name) is not None:
                    try:
                        arguments[name] = build(arguments[name], base, trusted)
                    except CheckpointError as error:
                        raise CheckpointError(f"the checkpoint's {name} is refused: {error}") from error
        return arguments

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Checks that the data yield what training works with.

        Raises:
            ColorganError: if they do not.
        """
        self._check_batch(batch)

    def on_validation_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """As :meth:`on_train_batch_start`."""
        self._check_batch(batch)

    def on_test_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """As :meth:`on_train_batch_start`."""
        self._check_batch(batch)

    def on_predict_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """As :meth:`on_train_batch_start`, for prediction."""
        self._check_batch(batch)

    def _check_batch(self, batch: Any) -> None:
        # not in on_before_batch_transfer, which would replace that of a data module
        source = type(getattr(self.trainer, "datamodule", None) or self.trainer).__name__
        check_batch(batch, source, for_prediction=self.trainer.predicting)

    def on_fit_start(self) -> None:
        """Forgets that an earlier training diverged."""
        self.divergence = DivergenceCheck()

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Checks the gradients, which are unscaled by now under 16-bit precision.

        Raises:
            TrainingDivergedError: on a CPU, before the step is taken. A GPU would have to be waited for
                in every step, so it is asked now and then, and before each checkpoint.
        """
        self.note_gradients(optimizer, gradient_norm(parameters_of(optimizer)))

    def note_gradients(self, optimizer: Optimizer, norm: Tensor) -> None:
        """Takes note of the norm of the gradients that an optimizer is about to use."""
        index = next((number for number, known in enumerate(self.trainer.optimizers) if known is optimizer), 0)
        self.divergence.note_gradients(self.optimized[index], norm, scaled=str(self.trainer.precision) == "16-mixed")
        if norm.device.type == "cpu":
            self.divergence.check(self.current_epoch)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Checks now and then that losses and gradients are finite."""
        if self.device.type == "cpu" or batch_idx % _BATCHES_BETWEEN_CHECKS == 0:
            self.divergence.check(self.current_epoch)

    def on_train_epoch_end(self) -> None:
        """Checks that losses and gradients are finite."""
        self.divergence.check(self.current_epoch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Notes the precision that the weights were trained in, and keeps a diverged model from replacing a good one.

        Raises:
            TrainingDivergedError: if losses, gradients, weights or the states of optimizers are not finite.
        """
        self.divergence.check(self.current_epoch)
        check_saved_tensors(self, checkpoint)
        with suppress(RuntimeError):  # a model that was saved without having been trained has no trainer
            checkpoint["precision"] = str(self.trainer.precision)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Reports a checkpoint of another architecture in one sentence."""
        check_state(self, checkpoint["state_dict"], "the checkpoint")

    def on_train_start(self) -> None:
        """Checks what optimizers have taken over from a checkpoint, before they use it."""
        check_optimizer_states(self.trainer.optimizers)

    def photo_metrics(self, rows: dict[str, Tensor]) -> dict[str, Tensor]:
        """The metrics of an epoch by name, given those of its photos, each (N,); by default the means."""
        return {name: values.mean() for name, values in rows.items()}

    def on_validation_epoch_start(self) -> None:
        """Drops the results of an interrupted epoch."""
        self.photo_rows.clear()

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics of all photos under ``val/``, in whichever process they were measured."""
        self._log_photo_metrics("val")

    def on_test_epoch_start(self) -> None:
        """As :meth:`on_validation_epoch_start`."""
        self.photo_rows.clear()

    def on_test_epoch_end(self) -> None:
        """As :meth:`on_validation_epoch_end`, under ``test/``."""
        self._log_photo_metrics("test")

    def _log_photo_metrics(self, split: str) -> None:
        metrics = self.photo_metrics(self.photo_rows.collect(self))
        values = {f"{split}/{name}": value.item() for name, value in metrics.items()}
        self.log_dict(values, prog_bar=split == "val", sync_dist=True)

    def check_size(self, size: int) -> None:
        """Checks that photos of a size can be trained on; any can, unless a subclass overrides this.

        Raises:
            ColorganError: if a network cannot work at that size.
        """


def parameters_of(optimizer: Optimizer) -> list[nn.Parameter]:
    """All parameters that an optimizer steps."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
