"""``colorgan lr-find``: a range test for the generator's learning rate, with a plot and a suggestion."""

import math
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser
from PIL import Image, ImageDraw, ImageFont

from colorgan.cli.trainer import ColorganCLI, train
from colorgan.cli.trainer.command import callbacks_of
from colorgan.errors import ColorganError
from colorgan.files import atomic_write, display_path
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.interruption import SaveOnSignal
from colorgan.training.lr_finder import LRCurve, LRRangeTest, run_range_test

# -- the plot ----------------------------------------------------------------------------------------------------------

_INK, _FAINT, _GRID, _LINE, _MARK = (32, 32, 32), (150, 165, 185), (228, 228, 228), (31, 95, 191), (196, 60, 30)


def plot(curve: LRCurve, title: str = "") -> Image.Image:
    """Draws measured losses as dots, the smoothed ones as a line, and the suggestion.

    Args:
        curve: what a range test has found.
        title: a line above.
    """
    return _Chart(curve, title).draw()


class _Chart:
    """A drawing with a logarithmic scale of learning rates."""

    width, height = 900, 540
    left, right, top, bottom = 84, 24, 56, 62

    def __init__(self, curve: LRCurve, title: str) -> None:
        self.curve, self.title = curve, title
        low, first = min(curve.smoothed), curve.smoothed[0]
        span = max(first - low, abs(low) * 1e-3, 1e-9)
        self.low, self.high = low - 0.15 * span, max(first, low) + 0.35 * span  # the explosion leaves the picture
        self.begin, self.end = math.log10(curve.lrs[0]), math.log10(curve.lrs[-1])

    def x(self, rate: float) -> float:
        share = (math.log10(rate) - self.begin) / (self.end - self.begin)
        return self.left + share * (self.width - self.left - self.right)

    def y(self, loss: float) -> float:
        share = (min(loss, self.high) - self.low) / (self.high - self.low)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def draw(self) -> Image.Image:
        paper = Image.new("RGB", (self.width, self.height), (255, 255, 255))
        draw, font = ImageDraw.Draw(paper), ImageFont.load_default(15)
        draw.text((self.left, 16), self.title, _INK, ImageFont.load_default(18))
        self._axes(draw, font)
        curve = self.curve
        for rate, loss in zip(curve.lrs, curve.losses, strict=True):
            if self.low <= loss <= self.high:
                x, y = self.x(rate), self.y(loss)
                draw.ellipse((x - 2, y - 2, x + 2, y + 2), _FAINT)
        line = [(self.x(rate), self.y(loss)) for rate, loss in zip(curve.lrs, curve.smoothed, strict=True)]
        draw.line(line, _LINE, width=3, joint="curve")
        x = self.x(curve.suggestion)
        draw.line(((x, self.top), (x, self.height - self.bottom)), _MARK, width=2)
        label = f"suggested: {curve.suggestion:.1e}"
        beside = x + 8 if x + 8 + font.getlength(label) < self.width - self.right else x - 8 - font.getlength(label)
        draw.text((beside, self.top + 6), label, _MARK, font)
        return paper

    def _axes(self, draw: ImageDraw.ImageDraw, font: Any) -> None:
        floor, right = self.height - self.bottom, self.width - self.right
        for exponent in range(math.ceil(self.begin - 1e-9), math.floor(self.end + 1e-9) + 1):
            x = self.x(10.0**exponent)
            draw.line(((x, self.top), (x, floor)), _GRID)
            draw.text((x, floor + 8), f"1e{exponent}", _INK, font, anchor="ma")
        step = _round_step((self.high - self.low) / 5)
        for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            y = self.y(number * step)
            draw.line(((self.left, y), (right, y)), _GRID)
            draw.text((self.left - 8, y), f"{number * step:.3g}", _INK, font, anchor="rm")
        draw.rectangle((self.left, self.top, right, floor), outline=_INK)
        draw.text(((self.left + right) / 2, self.height - 12), "learning rate", _INK, font, anchor="ms")
        draw.text((8, self.top - 8), "loss", _INK, font, anchor="lb")


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, … at its power of ten.

    >>> [_round_step(0.013), _round_step(3.0), _round_step(70)]
    [0.02, 5.0, 100.0]
    """
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


# -- the command -------------------------------------------------------------------------------------------------------


_TRAINER: dict[str, Any] = {
    "logger": False,
    "enable_checkpointing": False,
    "fast_dev_run": False,
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "min_epochs": None,
    "max_steps": -1,
    "max_time": None,
    "limit_train_batches": None,
    "limit_val_batches": 0,
    "num_sanity_val_steps": 0,
}
"""A test runs once, in one process, and leaves nothing but its plot."""


class _LRFindCLI(ColorganCLI):
    """Builds what ``fit`` would train, and tests it."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_class_arguments(LRRangeTest, "lr_find")
        super().add_arguments_to_parser(parser)

    def before_instantiate_classes(self) -> None:
        section = self.config[self.subcommand]
        if section.get("ckpt_path"):
            raise ColorganError("lr-find tests the beginning of a run: give a checkpoint as --model.init_from instead")
        for name, value in _TRAINER.items():
            section.trainer[name] = value
        kept = [callback for callback in callbacks_of(section) if callback.class_path.endswith(".FineTuning")]
        section.trainer.callbacks = kept
        super().before_instantiate_classes()
        self.save_config_callback = None

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        path = super().choose_run_folder(section).path
        return RunFolder(path.with_name(f"{path.name}-lr-find"))

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        trainer = super().instantiate_trainer(**kwargs)
        kept = [callback for callback in trainer.callbacks if not isinstance(callback, SaveOnSignal)]  # type: ignore[attr-defined]
        trainer.callbacks = kept  # type: ignore[attr-defined]
        return trainer

    def fit(self, **_: Any) -> None:
        """Stands where LightningCLI looks for what ``fit`` does."""
        section = self.config[self.subcommand]
        curve = run_range_test(self.model, self.datamodule, self.trainer, self._get(self.config_init, "lr_find"))
        file = self.run_folder.path / "lr_find.png"
        with atomic_write(file) as temporary:
            plot(curve, f"{section.name}: loss of the generator").save(temporary, format="PNG")
        print(
            f"\nsuggested learning rate: {curve.suggestion:.1e}"
            f" | lowest loss at {curve.min_loss_lr:.1e}"
            f" | plot: {display_path(file)}"
        )

    def after_fit(self) -> None:
        """There is no run to tell of."""


def main(args: list[str]) -> int:
    """Runs the command with the options of ``fit`` and those of the test.

    Returns:
        The exit code.
    """
    train(["fit", *args], _LRFindCLI)
    return 0
