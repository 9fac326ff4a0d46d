"""ColorGAN: a conditional GAN that learns to color, as a LightningModule."""

import functools
import math
import os
from collections.abc import Callable
from typing import Any, ClassVar, Literal, cast

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchmetrics.functional.image import peak_signal_noise_ratio

from colorgan.errors import ColorganError, TrainingDivergedError
from colorgan.inference.colorizer import Colorizer
from colorgan.models.color_spaces import ColorSpace, Lab
from colorgan.models.config import factory_from_config, from_config, to_config
from colorgan.models.discriminators import Discriminator, PatchGAN
from colorgan.models.encoders import pretrained_weights_wanted
from colorgan.models.generators import Generator, UNet
from colorgan.models.hints import Hints, NoHints
from colorgan.models.losses import BCE, L1, AdversarialLoss, Reconstruction
from colorgan.training.module import Role, Trainable
from colorgan.training.steps import is_first_validation
from colorgan.training.transfer import transfer

GeneratorFactory = Callable[[int, int], Generator]
DiscriminatorFactory = Callable[[int], Discriminator]

_ADAM = functools.partial(Adam, lr=2e-4, betas=(0.5, 0.999))
_BATCHES_BETWEEN_CHECKS = 50
"""Asking a GPU whether a loss is finite makes it wait; on a CPU it costs nothing and is done at every batch."""


class ColorGAN(Trainable):
    """Conditional GAN for colorization: a generator that colors, a discriminator that judges gray and color together.

    The generator minimizes ``reconstruction_weight`` x reconstruction + ``adversarial_weight`` x adversarial loss
    (Isola et al. 2017, https://arxiv.org/abs/1611.07004). Two optimizers are stepped by hand in each batch, so
    ``Trainer(max_steps=...)`` counts both: use ``max_epochs``.

    Args:
        generator: network that predicts the color channels.
        discriminator: network that judges; null trains the generator alone, as plain regression.
        color_space: color space in which the generator works.
        hints: kind of color hints the generator learns to follow.
        reconstruction: distance between predicted and target colors.
        reconstruction_weight: weight of the reconstruction. Network tensors span [-1, 1], so an L1 weight from a system
            that works in [0, 1] is halved to mean the same.
        adversarial: adversarial loss; it owns labels and signs.
        adversarial_weight: weight of the adversarial loss; 0 trains the generator alone.
        generator_optimizer: optimizer of the generator.
        discriminator_optimizer: optimizer of the discriminator.
        generator_scheduler: learning-rate schedule of the generator.
        discriminator_scheduler: learning-rate schedule of the discriminator.
        schedule_every: whether schedules advance once per epoch or once per batch.
        discriminator_every: the discriminator is updated only in every k-th batch.
        discriminator_updates: updates of the discriminator in such a batch (5 for a Wasserstein critic).
        discriminator_steps: ``joint`` makes an update one step on the mean of the losses on true and on generated
            colors; ``separate`` makes it two, one on target colors and then one on generated colors.
        discriminator_sees_hints: whether the hints are shown to the discriminator too.
        generator_epochs: epochs, at the beginning, in which the generator trains alone.
        discriminator_epochs: epochs, after those, in which the discriminator trains alone.
        gradient_clip: largest norm of a network's gradients; null does not clip. Use this instead of the Trainer's.
        accumulate: batches whose gradients are added up before a step. Use this instead of the Trainer's.
        ema_decay: decay of a moving average of the generator's weights, which then validates and predicts; 0: none.
        channels_last: memory layout that suits convolutions on CPUs and tensor cores.
        compile: whether to compile both networks with ``torch.compile``.
        init_from: checkpoint of another run whose weights are the beginning, as far as they fit; or a pattern such as
            ``checkpoints/first_stage/*/checkpoints/best.ckpt``, of whose files the newest is taken. It is not read
            again where a checkpoint of this run brings its own weights.

    Raises:
        ColorganError: for arguments out of range, parts that do not fit together, or a rate that is not positive.
    """

    roles: ClassVar[tuple[Role, ...]] = (
        (("generator",), Generator, factory_from_config),
        (("discriminator",), Discriminator, factory_from_config),
        (("generator_optimizer", "discriminator_optimizer"), Optimizer, factory_from_config),
        (("generator_scheduler", "discriminator_scheduler"), (LRScheduler, ReduceLROnPlateau), factory_from_config),
        (("color_space",), ColorSpace, from_config),
        (("hints",), Hints, from_config),
        (("reconstruction",), Reconstruction, from_config),
        (("adversarial",), AdversarialLoss, from_config),
    )

    def __init__(
        self,
        generator: GeneratorFactory = UNet,
        discriminator: DiscriminatorFactory | None = PatchGAN,
        color_space: ColorSpace = Lab(),  # noqa: B008 (a part is immutable)
        hints: Hints = NoHints(),  # noqa: B008
        reconstruction: Reconstruction = L1(),  # noqa: B008
        reconstruction_weight: float = 100.0,
        adversarial: AdversarialLoss = BCE(),  # noqa: B008
        adversarial_weight: float = 1.0,
        generator_optimizer: OptimizerCallable = _ADAM,
        discriminator_optimizer: OptimizerCallable = _ADAM,
        generator_scheduler: LRSchedulerCallable | None = None,
        discriminator_scheduler: LRSchedulerCallable | None = None,
        schedule_every: Literal["epoch", "batch"] = "epoch",
        discriminator_every: int = 1,
        discriminator_updates: int = 1,
        discriminator_steps: Literal["joint", "separate"] = "joint",
        discriminator_sees_hints: bool = False,
        generator_epochs: int = 0,
        discriminator_epochs: int = 0,
        gradient_clip: float | None = None,
        accumulate: int = 1,
        ema_decay: float = 0.0,
        channels_last: bool = True,
        compile: bool = False,
        init_from: str | None = None,
    ) -> None:
        super().__init__()
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.save_hyperparameters(to_config(arguments), logger=False)
        _check_ranges(self.hparams)
        self.automatic_optimization = False

        hint_channels = hints.channels(color_space.channels)
        self.colorizer = Colorizer(generator(1 + hint_channels, color_space.channels), color_space, hints)
        self.discriminator: Discriminator | None = None
        if discriminator is not None and adversarial_weight > 0:
            seen = 1 + (hint_channels if discriminator_sees_hints else 0)
            self.discriminator = discriminator(seen + color_space.channels)
            adversarial.check(self.discriminator)
        if init_from is not None and pretrained_weights_wanted():
            begun = transfer(init_from, self.colorizer.generator, self.discriminator, self.hparams["color_space"])
            rank_zero_info(str(begun))
        self.average: AveragedModel | None = None
        if ema_decay > 0:
            average = get_ema_multi_avg_fn(ema_decay)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(self.colorizer, multi_avg_fn=average)
            self.average.requires_grad_(False)

        self.color_space, self.hints = color_space, hints
        self.reconstruction, self.adversarial = reconstruction, adversarial
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.generator_scheduler, self.discriminator_scheduler = generator_scheduler, discriminator_scheduler
        for name in ("generator_optimizer", "discriminator_optimizer"):
            self.check_optimizer(name)
        self._finite = torch.tensor(True)

    # -- assembly ------------------------------------------------------------------------------------------------------

    @property
    def inference(self) -> Colorizer:
        """The colorizer to validate and predict with: the moving average where one is kept."""
        return self.colorizer if self.average is None else cast(Colorizer, self.average.module)

    @property
    def trained_network(self) -> Generator:
        """The generator."""
        return self.colorizer.generator

    def configure_optimizers(self) -> Any:
        """One optimizer per network, each with its schedule if it has one.

        The generator's has a group of parameters for each of its :meth:`~colorgan.models.generators.Generator.layer_groups`.
        """
        layers = [{"params": list(part.parameters())} for part in self.colorizer.generator.layer_groups()]
        roles = [(self.generator_optimizer, self.generator_scheduler, layers)]
        if self.discriminator is not None:
            judge = [{"params": list(self.discriminator.parameters())}]
            roles.append((self.discriminator_optimizer, self.discriminator_scheduler, judge))
        configured: list[dict[str, Any]] = []
        for make_optimizer, make_scheduler, groups in roles:
            optimizer = make_optimizer(groups)
            configured.append({"optimizer": optimizer})
            if make_scheduler is not None:
                configured[-1]["lr_scheduler"] = {"scheduler": make_scheduler(optimizer), "interval": "epoch"}
        return configured

    def setup(self, stage: str) -> None:
        """Checks the image size against the networks, before any work, and prepares them for speed."""
        size = getattr(getattr(self.trainer, "datamodule", None), "image_size", None)
        if size is not None and stage == "fit":
            self.check_size(size)
            for colorizer in {self.colorizer, self.inference}:
                colorizer.working_size.fill_(size)
        if self.hparams["channels_last"]:
            self.to(memory_format=torch.channels_last)
        if self.hparams["compile"] and stage == "fit":
            self.colorizer.generator.compile()
            if self.discriminator is not None:
                self.discriminator.compile()

    def on_fit_start(self) -> None:
        """Forgets that a former training diverged."""
        self._finite = torch.tensor(True)

    # -- training ------------------------------------------------------------------------------------------------------

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Generates once; updates the discriminator on real and generated colors, then the generator through it."""
        gray, color = self.color_space.split(self._rgb(batch))
        hints = self.hints.sample(color, batch["index"], color_space=self.color_space)
        seen = torch.cat([gray, hints], dim=1) if self.hparams["discriminator_sees_hints"] else gray
        fake = self.colorizer.predict(gray, hints)

        if self._discriminator_trains(batch_idx):
            self._update_discriminator(seen, color, fake.detach(), batch_idx)
        if self._generator_trains():
            self._update_generator(seen, gray, color, fake, batch_idx)

    def _update_discriminator(self, seen: Tensor, color: Tensor, fake: Tensor, batch_idx: int) -> None:
        """Gray photos with their target colors should score high, with generated colors low."""
        assert self.discriminator is not None
        real_pair, fake_pair = torch.cat([seen, color], dim=1), torch.cat([seen, fake], dim=1)
        for _ in range(self.hparams["discriminator_updates"]):
            if self.hparams["discriminator_steps"] == "joint":
                real_scores, fake_scores = self.discriminator(real_pair), self.discriminator(fake_pair)
                loss = self.adversarial.discriminator_loss(real_scores, fake_scores)
                loss = loss + self.adversarial.penalty(self.discriminator, real_pair, fake_pair)
                self._descend(self._optimizers()[1], loss, batch_idx)
            else:
                real_scores = self.discriminator(real_pair)
                real_loss = self.adversarial.real_loss(real_scores)
                self._descend(self._optimizers()[1], real_loss, batch_idx)
                fake_scores = self.discriminator(fake_pair)
                fake_loss = self.adversarial.fake_loss(fake_scores)
                fake_loss = fake_loss + self.adversarial.penalty(self.discriminator, real_pair, fake_pair)
                self._descend(self._optimizers()[1], fake_loss, batch_idx)
                loss = (real_loss + fake_loss) / 2
            self.adversarial.after_discriminator_step(self.discriminator)
        real_accuracy, fake_accuracy = self.adversarial.accuracy(real_scores, fake_scores)
        self._log_training(
            discriminator=loss, discriminator_accuracy_real=real_accuracy, discriminator_accuracy_fake=fake_accuracy
        )

    def _update_generator(self, seen: Tensor, gray: Tensor, color: Tensor, fake: Tensor, batch_idx: int) -> None:
        """The generated colors should be near the true ones and score high with the discriminator."""
        reconstruction = self.reconstruction(fake, color, gray, self.color_space)
        loss = self.hparams["reconstruction_weight"] * reconstruction
        self._log_training(**{type(self.reconstruction).__name__.lower(): reconstruction})
        if self._adversary_judges():
            assert self.discriminator is not None
            self.discriminator.requires_grad_(False)
            adversarial = self.adversarial.generator_loss(self.discriminator(torch.cat([seen, fake], dim=1)))
            loss = loss + self.hparams["adversarial_weight"] * adversarial
            self._log_training(adversarial=adversarial)
        self._log_training(generator=loss)
        self._descend(self._optimizers()[0], loss, batch_idx)
        if self.discriminator is not None:
            self.discriminator.requires_grad_(True)
        if self.average is not None and self._steps_now(batch_idx):
            self.average.update_parameters(self.colorizer)

    def _descend(self, optimizer: Any, loss: Tensor, batch_idx: int) -> None:
        self._finite = self._finite.to(loss.device) & loss.detach().isfinite().all()
        self.manual_backward(loss / self.hparams["accumulate"])
        if self._steps_now(batch_idx):
            optimizer.step()
            optimizer.zero_grad()

    def _steps_now(self, batch_idx: int) -> bool:
        return (batch_idx + 1) % self.hparams["accumulate"] == 0 or self.trainer.is_last_batch

    def _generator_trains(self) -> bool:
        start = self.hparams["generator_epochs"]
        return not start <= self.current_epoch < start + self.hparams["discriminator_epochs"]

    def _discriminator_trains(self, batch_idx: int) -> bool:
        started = self.discriminator is not None and self.current_epoch >= self.hparams["generator_epochs"]
        return started and batch_idx % self.hparams["discriminator_every"] == 0

    def _adversary_judges(self) -> bool:
        begin = self.hparams["generator_epochs"] + self.hparams["discriminator_epochs"]
        return self.discriminator is not None and self.current_epoch >= begin

    def _optimizers(self) -> list[Any]:
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clips the gradients here because they are unscaled by now under 16-bit precision."""
        limit = self.hparams["gradient_clip"]
        if limit is not None:
            nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], limit)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes a step's randomness a function of (seed, epoch, batch, rank), so that a resumed run repeats it."""
        seed = os.environ.get("PL_GLOBAL_SEED")
        if seed is not None:
            mixed = 0
            for part in (int(seed), self.current_epoch, batch_idx, self.global_rank):
                mixed = (mixed * 1_000_003 + part + 1) % (2**63 - 1)
            torch.manual_seed(mixed)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Advances schedules that go by the batch, and looks out for NaN."""
        if self.hparams["schedule_every"] == "batch":
            self._advance_schedules()
        if self.device.type == "cpu" or batch_idx % _BATCHES_BETWEEN_CHECKS == 0:
            self._check_finite()

    def on_train_epoch_end(self) -> None:
        """Advances schedules that go by the epoch."""
        self._check_finite()
        if self.hparams["schedule_every"] == "epoch":
            self._advance_schedules()

    def _advance_schedules(self) -> None:
        schedulers = self.lr_schedulers() or []
        for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(self.trainer.callback_metrics.get("val/l1", torch.tensor(math.inf)))
            else:
                scheduler.step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses to put a diverged model in the place of a good one."""
        self._check_finite()

    def _check_finite(self) -> None:
        if not self._finite:
            raise TrainingDivergedError(
                f"a loss became NaN or infinite in epoch {self.current_epoch}; earlier checkpoints are intact: "
                "lower the learning rates, set model.gradient_clip, or train in 32 or bf16-mixed precision"
            )

    # -- validation, test and prediction -------------------------------------------------------------------------------

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Colors a batch without hints.

        Returns:
            ``predicted``, ``target`` and ``gray`` as (B, 3, H, W) in [0, 1], and ``index`` as (B,).
        """
        return self._evaluate(batch, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """As :meth:`validation_step`, logged under ``test/``."""
        return self._evaluate(batch, "test")

    def _evaluate(self, batch: dict[str, Tensor], split: str) -> dict[str, Tensor]:
        target = self._rgb(batch)
        gray, color = self.color_space.split(target)
        predicted = self.inference(target)
        neutral = self.color_space.neutral(gray)
        baseline = self.color_space.merge(gray, neutral)
        metrics = {
            "l1": (self.color_space.split(predicted)[1] - color).abs().mean(),
            "psnr": peak_signal_noise_ratio(
                predicted, target, data_range=1.0, dim=(1, 2, 3), reduction="elementwise_mean"
            ),
        }
        if split == "test" or is_first_validation(self.trainer):
            metrics["l1_gray"] = (neutral - color).abs().mean()
        if self.discriminator is not None and self.trainer.state.fn == "fit":
            hints = self.hints.empty(color) if self.hparams["discriminator_sees_hints"] else color[:, :0]
            pair = torch.cat([gray, hints, self.color_space.split(predicted)[1]], dim=1)
            metrics["adversarial"] = self.adversarial.generator_loss(self.discriminator(pair))
        self.log_dict(
            {f"{split}/{name}": value for name, value in metrics.items()},
            on_epoch=True,
            batch_size=len(target),
            prog_bar=split == "val",
            sync_dist=True,
        )
        return {"predicted": predicted, "target": target, "gray": baseline, "index": batch["index"]}

    def predict_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        """Colors photos of any size.

        Returns:
            (B, 3, H, W) uint8.
        """
        colored = self.inference.colorize(batch["rgb"])
        assert isinstance(colored, Tensor)
        return colored

    def _rgb(self, batch: dict[str, Tensor]) -> Tensor:
        layout = torch.channels_last if self.hparams["channels_last"] else torch.contiguous_format
        return (batch["rgb"].float() / 255).contiguous(memory_format=layout)

    def _log_training(self, **values: Tensor) -> None:
        self.log_dict({f"train/{name}": value.detach() for name, value in values.items()}, on_step=True, on_epoch=False)

    # -- checks --------------------------------------------------------------------------------------------------------

    def check_size(self, size: int) -> None:
        """Runs the networks' shapes, without their arithmetic, at the training size.

        Raises:
            ColorganError: if a network cannot work at that size.
        """
        color_space, hints = self.color_space.channels, self.hints.channels(self.color_space.channels)
        seen = 1 + (hints if self.hparams["discriminator_sees_hints"] else 0)
        for network, channels in ((self.colorizer.generator, 1 + hints), (self.discriminator, seen + color_space)):
            if network is None:
                continue
            tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
            meta = {name: tensor.detach().to("meta") for name, tensor in tensors.items()}
            try:
                functional_call(network, meta, torch.empty(2, channels, size, size, device="meta"))
            except (ValueError, RuntimeError) as error:
                raise ColorganError(f"data.size={size} does not suit {type(network).__name__}: {error}") from error


def _check_ranges(arguments: Any) -> None:
    """Refuses numbers that cannot be meant, naming the key, the value and the range."""
    rules: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
        (("reconstruction_weight", "adversarial_weight"), lambda x: math.isfinite(x) and x >= 0, "a number >= 0"),
        (("discriminator_every", "discriminator_updates", "accumulate"), lambda x: x >= 1, "a whole number >= 1"),
        (("generator_epochs", "discriminator_epochs"), lambda x: x >= 0, "a whole number >= 0"),
        (("gradient_clip",), lambda x: x is None or (math.isfinite(x) and x > 0), "null or a number > 0"),
        (("ema_decay",), lambda x: 0 <= x < 1, "at least 0 (no average) and less than 1"),
    )
    for names, holds, sentence in rules:
        for name in names:
            if not holds(arguments[name]):
                raise ColorganError(f"model.{name} must be {sentence}, received {arguments[name]}")
    if arguments["reconstruction_weight"] == 0 and arguments["adversarial_weight"] == 0:
        raise ColorganError(
            "model.reconstruction_weight and model.adversarial_weight are both 0: nothing to learn from"
        )
    if arguments["discriminator_steps"] not in ("joint", "separate"):
        steps = arguments["discriminator_steps"]
        raise ColorganError(f"model.discriminator_steps must be 'joint' or 'separate', received {steps!r}")
    if arguments["accumulate"] > 1 and arguments["discriminator_steps"] == "separate":
        raise ColorganError("model.accumulate > 1 does not go with model.discriminator_steps=separate: choose one")
    for name in ("discriminator_updates", "discriminator_every"):
        if arguments["accumulate"] > 1 and arguments[name] > 1:
            raise ColorganError(f"model.accumulate > 1 does not go with model.{name} > 1: choose one")
