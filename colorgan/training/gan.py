"""ColorGAN: a conditional GAN that learns to colorize, as a LightningModule."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from colorgan.inference.torch_colorizer import TorchColorizer
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
from colorgan.training.checks import check_image_size
from colorgan.training.colorizer_training import ColorizerTraining, CompileOption
from colorgan.training.gan_checks import check_adversary, check_arguments, check_objective
from colorgan.training.module import Role
from colorgan.training.moving_average import moving_average
from colorgan.training.objective import GeneratorObjective
from colorgan.training.optimizers import configured
from colorgan.training.photo_rows import mean_over_processes
from colorgan.training.schedule import AdversarialSchedule
from colorgan.training.transfer import transfer

GeneratorFactory = Callable[[int, int], Generator]
DiscriminatorFactory = Callable[[int], Discriminator]

_ADAM = functools.partial(Adam, lr=2e-4, betas=(0.5, 0.999))


class ColorGAN(ColorizerTraining):
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
        ema_decay: decay of an exponential moving average of the generator's weights and of its normalization, which is
            then used to validate and to predict; 0 keeps none.
        channels_last: use the memory layout that suits convolutions on CPUs and tensor cores.
        compile: compile both networks with ``torch.compile``; ``reduce-overhead`` also records CUDA graphs, which pays
            where a GPU waits for Python: for small networks, photos or batches.
        checkpoint_gradients: compute activations again for the gradients instead of keeping them: half of the memory or
            less, and a third more time.
        image_size: height and width in pixels of the training photos. The command line takes it from the data.
        init_from: checkpoint of another run whose weights are used as far as they fit; a pattern such as
            ``checkpoints/first_stage/*/checkpoints/best.ckpt``, of whose files the newest is used; the folder of a
            released model; or ``colorgan-photos``, the model that ships with colorgan. It is not read again when a
            checkpoint of this run brings its own weights.

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
        self.schedule, self.discriminator_sees_hints = schedule, discriminator_sees_hints
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer
        self.generator_scheduler, self.discriminator_scheduler = generator_scheduler, discriminator_scheduler
        self.set_execution(channels_last, compile, checkpoint_gradients)
        check_arguments(self.hparams, schedule, generator_optimizer, discriminator_optimizer)

        hint_channels = hints.channels(color_space.channels)
        self.colorizer = TorchColorizer(
            generator(1 + hint_channels, color_space.output_channels), color_space, hints, size=image_size
        )
        self.discriminator: Discriminator | None = None
        if discriminator is not None and adversarial_weight > 0:
            channels = 1 + (hint_channels if discriminator_sees_hints else 0) + color_space.channels
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
        self.average = moving_average(self.colorizer, ema_decay) if ema_decay > 0 else None

    # -- assembly ------------------------------------------------------------------------------------------------------

    def logged_metrics(self) -> list[str]:
        """Losses of both networks on training photos; distances and the adversarial loss on validation photos."""
        names, validated = [*self.objective.names, "generator"], ["l1", "psnr"]
        if self.adversary is not None:
            names += ["adversarial", *self.adversary.logged()]
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
        return [configured(*network, str(self.trainer.precision)) for network in networks]

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
        networks = [self.colorizer.generator, *([] if self.discriminator is None else [self.discriminator])]
        self.prepare_networks(networks if stage == "fit" else [])

    # -- training ------------------------------------------------------------------------------------------------------

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Generates once; updates the discriminator on target and generated colors, then the generator through it.

        Returns:
            What it logs of this batch. Not every batch trains both networks.
        """
        gray, target = self.color_space.split(self.photos(batch))
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
        assert self.adversary is not None
        real, fake = torch.cat([condition, target], dim=1), torch.cat([condition, generated], dim=1)
        descend = functools.partial(self.descend, self.all_optimizers()[1], batch_idx=batch_idx)
        first = self.schedule.count_updates(self.batches_so_far(batch_idx))
        values: dict[str, Tensor] = {}
        for update in range(first, first + self.schedule.discriminator_updates):
            values |= self.adversary.update(real, fake, update, self.schedule.discriminator_steps, descend)
            values |= self.adversary.adapt(values["discriminator_accuracy_real"], len(real) * self.trainer.world_size)
        return values

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

    # -- validation ----------------------------------------------------------------------------------------------------

    def adversarial_metrics(self, gray: Tensor, color: Tensor, predicted: Tensor) -> dict[str, Tensor]:
        """The generator's adversarial loss and the discriminator's accuracy on photos without hints, in training."""
        if self.adversary is None or self.trainer.state.fn != "fit":
            return {}
        hints = self.hints.empty(color) if self.discriminator_sees_hints else color[:, :0]
        return self.adversary.measure(torch.cat([gray, hints], dim=1), color, predicted)

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
