"""ColorGAN: a conditional GAN that learns to colorize, as a LightningModule."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, cast

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchmetrics.functional.image import peak_signal_noise_ratio

from colorgan.errors import ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.working_size import MAX_SIZE
from colorgan.models import (
    BCE,
    L1,
    AdversarialLoss,
    ColorSpace,
    Comparison,
    Degradation,
    DiffAugment,
    Discriminator,
    Generator,
    GradientPenalty,
    Hints,
    Lab,
    LossTerm,
    NoHints,
    PatchGAN,
    Reconstruction,
    UNet,
)
from colorgan.models.config import factory_from_config, from_config, parts_from_config
from colorgan.models.discriminators import build_discriminator
from colorgan.models.encoders import pretrained_weights_wanted
from colorgan.training.adversary import Adversary
from colorgan.training.checks import check_image_size, check_optimizer, check_range
from colorgan.training.gan_checks import check_adversary, check_objective
from colorgan.training.gradient_checkpointing import GradientCheckpointing
from colorgan.training.module import Role
from colorgan.training.objective import GeneratorObjective
from colorgan.training.optimization import ManualOptimization
from colorgan.training.optimizers import build_optimizer
from colorgan.training.photo_rows import mean_over_processes
from colorgan.training.schedule import AdversarialSchedule
from colorgan.training.steps import EvaluationOutput, is_first_validation
from colorgan.training.transfer import transfer

GeneratorFactory = Callable[[int, int], Generator]
DiscriminatorFactory = Callable[[int], Discriminator]

CompileOption = bool | Literal["reduce-overhead"]
"""Whether networks are compiled, or the mode of ``torch.compile``."""

_ADAM = functools.partial(Adam, lr=2e-4, betas=(0.5, 0.999))


class ColorGAN(ManualOptimization):
    """Conditional GAN for colorization: a generator of color, and a discriminator of gray and color together.

    The generator minimizes ``reconstruction_weight`` x reconstruction loss + ``adversarial_weight`` x adversarial loss
    (Isola et al. 2017, https://arxiv.org/abs/1611.07004), and any further terms in ``losses``. The two optimizers are
    stepped manually in each batch, and ``Trainer(max_steps=...)`` counts the steps of both: use ``max_epochs``.

    Args:
        generator: network that predicts the color channels.
        discriminator: network that scores gray and color; null trains the generator alone, as plain regression.
        color_space: color space in which the generator works.
        hints: kind of color hints that the generator learns to follow.
        degradation: what happens to the gray that the generator sees in training, such as ``OldPhotos``; null for
            nothing. Losses, the discriminator and validation see the photo as it is.
        reconstruction: distance between predicted and target colors.
        reconstruction_weight: weight of the reconstruction loss. Network tensors span [-1, 1], so an L1 weight from a
            system that works in [0, 1] is halved to mean the same.
        losses: further terms of the generator's loss, each with a weight of its own.
        adversarial: adversarial loss, which owns labels and signs.
        adversarial_weight: weight of the adversarial loss; 0 trains the generator alone.
        discriminator_sees_hints: whether the discriminator is conditioned on the hints as well.
        discriminator_augmentation: augmentation of the photos before the discriminator; null shows it all as they are.
        discriminator_penalty: penalty on the discriminator's gradient; null leaves it to the adversarial loss.
        schedule: which network is updated when.
        generator_optimizer: optimizer of the generator.
        discriminator_optimizer: optimizer of the discriminator.
        generator_scheduler: learning-rate schedule of the generator.
        discriminator_scheduler: learning-rate schedule of the discriminator.
        scheduler_interval: whether learning-rate schedules advance once per ``epoch`` or per ``batch``. A
            ``ReduceLROnPlateau`` always advances per epoch, on the metric that its ``monitor`` names.
        gradient_clip: largest norm of a network's gradients; null does not clip. Use this instead of the Trainer's.
        accumulate: batches whose gradients are averaged before a step. Use this instead of the Trainer's.
        ema_decay: decay of an exponential moving average of the generator's weights, which is then used to validate and
            to predict; 0 keeps none.
        channels_last: use the memory layout that suits convolutions on CPUs and tensor cores.
        compile: compile both networks with ``torch.compile``; ``reduce-overhead`` also records CUDA graphs, which pays
            where a GPU waits for Python: for small networks, photos or batches.
        checkpoint_gradients: compute activations again for the gradients instead of keeping them: half of the memory or
            less, and a third more time.
        image_size: height and width in pixels of the training photos. The command line takes it from the data.
        init_from: checkpoint of another run whose weights are used as far as they fit; or a pattern such as
            ``checkpoints/first_stage/*/checkpoints/best.ckpt``, of whose files the newest is used. It is not read again
            when a checkpoint of this run brings its own weights.

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
        (("degradation",), Degradation, from_config),
        (("reconstruction",), Reconstruction, from_config),
        (("losses",), LossTerm, parts_from_config),
        (("adversarial",), AdversarialLoss, from_config),
        (("discriminator_augmentation",), DiffAugment, from_config),
        (("discriminator_penalty",), GradientPenalty, from_config),
        (("schedule",), AdversarialSchedule, AdversarialSchedule.from_config),
    )
    optimized: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    def __init__(
        self,
        # the networks and what they see
        generator: GeneratorFactory = UNet,
        discriminator: DiscriminatorFactory | None = PatchGAN,
        color_space: ColorSpace = Lab(),  # noqa: B008 (a part is immutable)
        hints: Hints = NoHints(),  # noqa: B008
        degradation: Degradation | None = None,
        # the objective
        reconstruction: Reconstruction = L1(),  # noqa: B008
        reconstruction_weight: float = 100.0,
        losses: Sequence[LossTerm] = (),
        adversarial: AdversarialLoss = BCE(),  # noqa: B008
        adversarial_weight: float = 1.0,
        discriminator_sees_hints: bool = False,
        discriminator_augmentation: DiffAugment | None = None,
        discriminator_penalty: GradientPenalty | None = None,
        # how it is optimized
        schedule: AdversarialSchedule = AdversarialSchedule(),  # noqa: B008
        generator_optimizer: OptimizerCallable = _ADAM,
        discriminator_optimizer: OptimizerCallable = _ADAM,
        generator_scheduler: LRSchedulerCallable | None = None,
        discriminator_scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "batch"] = "epoch",
        gradient_clip: float | None = None,
        accumulate: int = 1,
        ema_decay: float = 0.0,
        # how it runs and where it starts
        channels_last: bool = True,
        compile: CompileOption = False,
        checkpoint_gradients: bool = False,
        image_size: int = 128,
        init_from: str | None = None,
    ) -> None:
        super().__init__(gradient_clip, accumulate, scheduler_interval)
        self.color_space, self.hints, self.degradation = color_space, hints, degradation
        self.objective = GeneratorObjective(
            reconstruction, reconstruction_weight, losses, adversarial, adversarial_weight
        )
        self.adversarial = adversarial
        self.discriminator_sees_hints = discriminator_sees_hints
        self.schedule = schedule
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.generator_scheduler, self.discriminator_scheduler = generator_scheduler, discriminator_scheduler
        self.ema_decay, self.channels_last, self.compile_networks = ema_decay, channels_last, compile
        self.checkpointing = GradientCheckpointing() if checkpoint_gradients else None
        self._check_arguments()

        hint_channels = hints.channels(color_space.channels)
        self.colorizer = Colorizer(
            generator(1 + hint_channels, color_space.output_channels), color_space, hints, size=image_size
        )
        self.discriminator: Discriminator | None = None
        if discriminator is not None and adversarial_weight > 0:
            condition_channels = 1 + (hint_channels if discriminator_sees_hints else 0)
            channels = condition_channels + color_space.channels
            self.discriminator = build_discriminator(discriminator, channels, image_size, color_space)
        check_objective(self.objective, self.discriminator, color_space, schedule)
        check_adversary(self.discriminator, adversarial, discriminator_augmentation, discriminator_penalty, schedule)
        self.adversary: Adversary | None = None
        if self.discriminator is not None:
            self.adversary = Adversary(
                self.discriminator, adversarial, discriminator_augmentation, discriminator_penalty
            )
            self.augmentation_strength = self.adversary.strength
        if init_from is not None and pretrained_weights_wanted():
            transferred = transfer(init_from, self.colorizer.generator, self.discriminator, self.hparams["color_space"])
            rank_zero_info(str(transferred))
        self.average: AveragedModel | None = None
        if ema_decay > 0:
            update = get_ema_multi_avg_fn(ema_decay)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(self.colorizer, multi_avg_fn=update)
            self.average.requires_grad_(False)

    # -- assembly ------------------------------------------------------------------------------------------------------

    @property
    def inference(self) -> Colorizer:
        """The colorizer to validate and predict with: the moving average if one is kept."""
        return self.colorizer if self.average is None else cast(Colorizer, self.average.module)

    @property
    def trained_network(self) -> Generator:
        """The generator."""
        return self.colorizer.generator

    def logged_metrics(self) -> list[str]:
        """Losses of both networks on training photos; distances and the adversarial loss on validation photos."""
        names = [*self.objective.names, "generator"]
        validated = ["l1", "psnr"]
        if self.adversary is not None:
            names += ["adversarial", "discriminator", "discriminator_accuracy_real", "discriminator_accuracy_fake"]
            names += self.adversary.logged()
            validated += ["adversarial", "discriminator_accuracy"]
        return [*(f"train/{name}" for name in names), *(f"val/{name}" for name in validated)]

    def configure_optimizers(self) -> Any:
        """One optimizer per network, each with its learning-rate schedule if it has one.

        The generator's has a parameter group for each of its :meth:`~colorgan.models.Generator.layer_groups`.
        """
        layers = [{"params": list(part.parameters())} for part in self.colorizer.generator.layer_groups()]
        networks = [(self.generator_optimizer, self.generator_scheduler, layers)]
        if self.discriminator is not None:
            whole = [{"params": list(self.discriminator.parameters())}]
            networks.append((self.discriminator_optimizer, self.discriminator_scheduler, whole))
        configured: list[dict[str, Any]] = []
        for make_optimizer, make_scheduler, groups in networks:
            optimizer = build_optimizer(make_optimizer, groups, str(self.trainer.precision))
            configured.append({"optimizer": optimizer})
            if make_scheduler is not None:
                configured[-1]["lr_scheduler"] = {"scheduler": make_scheduler(optimizer), "interval": "epoch"}
        return configured

    def setup(self, stage: str) -> None:
        """Checks the size of the photos before any work, loads frozen networks, and sets up layout and compilation."""
        size = getattr(getattr(self.trainer, "datamodule", None), "image_size", None)
        if size is not None and stage == "fit":
            self.check_size(size)
            for colorizer in {self.colorizer, self.inference}:
                colorizer.working_size.fill_(size)
        if stage == "fit":
            for term in self.objective.terms:
                term.load_frozen()
            if self.discriminator is not None:
                self.discriminator.load_frozen()
        if self.channels_last:
            self.to(memory_format=torch.channels_last)
        if self.compile_networks and stage == "fit":
            mode = self.compile_networks if isinstance(self.compile_networks, str) else None
            for network in (self.colorizer.generator, self.discriminator):
                if network is not None:
                    network.compile(mode=mode)
        if self.checkpointing is not None and stage == "fit":
            for network in (self.colorizer.generator, self.discriminator):
                if network is not None:
                    self.checkpointing.apply(network)

    def teardown(self, stage: str) -> None:
        """Lets the networks keep their activations again."""
        if self.checkpointing is not None:
            self.checkpointing.remove()

    # -- training ------------------------------------------------------------------------------------------------------

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes a step's randomness reproducible, and lets CUDA graphs reuse the memory of the last one."""
        super().on_train_batch_start(batch, batch_idx)
        self._begin_graphs()

    def on_validation_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Lets CUDA graphs reuse the memory of the last step."""
        self._begin_graphs()

    def _begin_graphs(self) -> None:
        if self.compile_networks == "reduce-overhead":
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Generates once; updates the discriminator on target and generated colors, then the generator through it.

        Returns:
            What it logs of this batch. Not every batch trains both networks.
        """
        gray, target = self.color_space.split(self._rgb(batch))
        hints = self.hints.sample(target, color_space=self.color_space)
        condition = torch.cat([gray, hints], dim=1) if self.discriminator_sees_hints else gray
        seen = gray if self.degradation is None else self.degradation(gray)
        output = self.colorizer.run_generator(seen, hints)
        generated = self.colorizer.decode(output, seen)

        values: dict[str, Tensor] = {}
        if self.discriminator is not None and self.schedule.trains_discriminator(self.current_epoch, batch_idx):
            values |= self._update_discriminator(condition, target, generated.detach(), batch_idx)
        if self.schedule.trains_generator(self.current_epoch):
            values |= self._update_generator(condition, gray, target, output, generated, batch_idx)
        self.advance_batch_schedules()
        metrics = mean_over_processes({f"train/{name}": value.detach() for name, value in values.items()})
        self.log_dict(metrics, on_step=True, on_epoch=False)
        return metrics

    def _update_discriminator(
        self, condition: Tensor, target: Tensor, generated: Tensor, batch_idx: int
    ) -> dict[str, Tensor]:
        """Gray photos with their own colors should score high, with generated colors low."""
        assert self.discriminator is not None
        assert self.adversary is not None
        photos = torch.cat([condition, target], dim=1), torch.cat([condition, generated], dim=1)
        first = self.schedule.count_updates(self._batches_so_far(batch_idx))
        for update in range(first, first + self.schedule.discriminator_updates):
            real, fake = map(self.adversary.sample_augmentation(condition), photos)
            if self.schedule.discriminator_steps == "joint":
                real_scores, fake_scores = self.discriminator(real), self.discriminator(fake)
                penalty, values = self.adversary.penalty(real, fake, update)
                loss = self.adversarial.discriminator_loss(real_scores, fake_scores) + penalty
                self.descend(self.all_optimizers()[1], loss, batch_idx)
            else:
                real_scores = self.discriminator(real)
                self.descend(self.all_optimizers()[1], self.adversarial.real_loss(real_scores), batch_idx)
                fake_scores = self.discriminator(fake)
                penalty, values = self.adversary.penalty(real, fake, update)
                self.descend(self.all_optimizers()[1], self.adversarial.fake_loss(fake_scores) + penalty, batch_idx)
                # for the log only: what a joint step would minimize, so that runs of both kinds can be compared
                loss = self.adversarial.discriminator_loss(real_scores, fake_scores) + penalty
            self.adversarial.after_discriminator_step(self.discriminator)
            real_accuracy, fake_accuracy = self.adversarial.accuracy(real_scores, fake_scores)
            values |= self.adversary.adapt(real_accuracy, len(condition) * self.trainer.world_size)
        return {
            **values,
            "discriminator": loss,
            "discriminator_accuracy_real": real_accuracy,
            "discriminator_accuracy_fake": fake_accuracy,
        }

    def _update_generator(
        self, condition: Tensor, gray: Tensor, target: Tensor, output: Tensor, generated: Tensor, batch_idx: int
    ) -> dict[str, Tensor]:
        """Generated colors should be close to the target and score high with the discriminator."""
        judge = None
        if self.discriminator is not None:
            self.discriminator.requires_grad_(False)
        if self.adversary is not None and self.schedule.is_adversarial(self.current_epoch):
            judge = self.adversary.judge(condition, self.objective.needs_features)
        loss, values = self.objective(Comparison(generated, target, gray, self.color_space, judge, output))
        self.descend(self.all_optimizers()[0], loss, batch_idx)
        if self.discriminator is not None:
            self.discriminator.requires_grad_(True)
        if self.average is not None and self.steps_now(batch_idx):
            self.average.update_parameters(self.colorizer)
        return {**values, "generator": loss}

    def _batches_so_far(self, batch_idx: int) -> int:
        """The number of a batch in all epochs; in its own epoch if the data do not know how many there are."""
        batches = self.trainer.num_training_batches
        return batch_idx + (self.current_epoch * batches if isinstance(batches, int) else 0)

    # -- validation, test and prediction -------------------------------------------------------------------------------

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> EvaluationOutput:
        """Colorizes a batch without hints; ``val/l1``, ``val/psnr`` and others are logged at the end of the epoch."""
        return self._evaluate(batch, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> EvaluationOutput:
        """As :meth:`validation_step`, logged under ``test/``."""
        return self._evaluate(batch, "test")

    def _evaluate(self, batch: dict[str, Tensor], split: str) -> EvaluationOutput:
        target = self._rgb(batch)
        gray, color = self.color_space.split(target)
        predicted = self.inference(target)
        neutral = self.color_space.neutral(gray)
        metrics = {
            "l1": (self.color_space.split(predicted)[1] - color).abs().mean(dim=(1, 2, 3)),
            "psnr": peak_signal_noise_ratio(predicted, target, data_range=1.0, dim=(1, 2, 3), reduction="none"),
        }
        if split == "test" or is_first_validation(self.trainer):
            metrics["l1_gray"] = (neutral - color).abs().mean(dim=(1, 2, 3))
        if self.discriminator is not None and self.trainer.state.fn == "fit":
            hints = self.hints.empty(color) if self.discriminator_sees_hints else color[:, :0]
            condition = torch.cat([gray, hints], dim=1)
            scores = self.discriminator(torch.cat([condition, self.color_space.split(predicted)[1]], dim=1))
            real_scores = self.discriminator(torch.cat([condition, color], dim=1))
            photos = [*zip(scores.split(1), real_scores.split(1), strict=True)]  # losses average over all they get
            right = [self.adversarial.accuracy(real, fake) for fake, real in photos]
            metrics["adversarial"] = torch.stack([self.adversarial.generator_loss(*photo) for photo in photos])
            metrics["discriminator_accuracy"] = torch.stack([(real + fake) / 2 for real, fake in right])
        self.photo_rows.add(batch["index"], metrics)
        return {
            "predicted": predicted,
            "target": target,
            "gray": self.color_space.merge(gray, neutral),
            "index": batch["index"],
        }

    def predict_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        """Colorizes photos of any size.

        Returns:
            (B, 3, H, W) uint8.
        """
        colorized = self.inference.colorize(batch["rgb"])
        assert isinstance(colorized, Tensor)
        return colorized

    def _rgb(self, batch: dict[str, Tensor]) -> Tensor:
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return (batch["rgb"].float() / 255).contiguous(memory_format=layout)

    # -- checks --------------------------------------------------------------------------------------------------------

    def check_size(self, size: int) -> None:
        """Checks that both networks can work at the training size.

        Raises:
            ColorganError: if one of them cannot.
        """
        color, hints = self.color_space.channels, self.hints.channels(self.color_space.channels)
        check_image_size(self.colorizer.generator, 1 + hints, size)
        if self.discriminator is not None:
            condition = 1 + (hints if self.discriminator_sees_hints else 0)
            check_image_size(self.discriminator, condition + color, size)

    def _check_arguments(self) -> None:
        for name in ("reconstruction_weight", "adversarial_weight"):
            check_range(name, self.hparams[name], minimum=0)
        check_range("ema_decay", self.ema_decay, minimum=0, below=1)
        check_range("image_size", self.hparams["image_size"], minimum=1, below=MAX_SIZE + 1)
        self.schedule.check_accumulation(self.accumulate)
        if self.compile_networks == "reduce-overhead" and self.accumulate > 1:
            raise ColorganError(
                f"model.accumulate={self.accumulate} does not go with model.compile=reduce-overhead, whose gradients "
                "are in memory that the next batch reuses: set model.compile to true"
            )
        if self.compile_networks and self.checkpointing is not None:
            raise ColorganError(
                "model.compile does not go with model.checkpoint_gradients, as a compiler decides itself what to keep: "
                "set one of them to false"
            )
        check_optimizer("generator_optimizer", self.generator_optimizer)
        check_optimizer("discriminator_optimizer", self.discriminator_optimizer)
