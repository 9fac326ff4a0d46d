"""Draws losses.png for docs/training.md: what the two networks are given, and what each of them minimizes.

python docs/figures/losses.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

DATA, NETWORK, FROZEN, PART, LOSS = "#eef1f4", "#cfe3f7", "#e4daf3", "#fdf0cf", "#d9efd8"
WIDTH, HEIGHT = 1.9, 0.62
HALF = WIDTH / 2
Box = tuple[float, float]


def box(axes: Axes, x: float, y: float, text: str, color: str, width: float = WIDTH, height: float = HEIGHT) -> Box:
    """Draws a box around a center."""
    style = "round,pad=0,rounding_size=0.08"
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=color, edgecolor="#5b6570", lw=0.8))
    axes.text(x, y, text, ha="center", va="center", fontsize=8.5, linespacing=1.25)
    return x, y


def arrow(axes: Axes, start: Box, end: Box, bend: float = 0.0) -> None:
    """Draws an arrow between two points."""
    options = {"connectionstyle": f"arc3,rad={bend}", "color": "#5b6570", "shrinkA": 0, "shrinkB": 0}
    patch = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, **options)
    axes.add_patch(patch)


figure, axes = plt.subplots(figsize=(11.4, 5.6), dpi=130)
axes.set(xlim=(-0.1, 11.7), ylim=(-0.3, 5.8))
axes.axis("off")
box(axes, 1.0, 4.75, "gray (and hints)", DATA)
box(axes, 1.35, 3.3, "target color", DATA, 1.3)
box(axes, 3.6, 4.75, "generator", NETWORK)
box(axes, 3.6, 3.3, "generated color", DATA)
arrow(axes, (1.0 + HALF, 4.75), (3.6 - HALF, 4.75))
arrow(axes, (3.6, 4.75 - HEIGHT / 2), (3.6, 3.3 + HEIGHT / 2))

box(axes, 3.6, 1.2, "discriminator_augmentation\nDiffAugment: alike for both", PART, 2.5)
box(axes, 6.6, 1.2, "discriminator\nscores and features", NETWORK, 2.0)
box(axes, 6.6, 0.1, "discriminator_penalty\nR1, R1R2: in every k-th update", PART, 2.7)
arrow(axes, (0.3, 4.75 - HEIGHT / 2), (2.35, 1.1), 0.36)
arrow(axes, (1.35, 3.3 - HEIGHT / 2), (2.35, 1.3), 0.25)
arrow(axes, (3.6, 3.3 - HEIGHT / 2), (3.6, 1.2 + HEIGHT / 2))
arrow(axes, (4.85, 1.2), (5.6, 1.2))
arrow(axes, (6.6, 1.2 - HEIGHT / 2), (6.6, 0.1 + HEIGHT / 2))

terms = [
    (5.4, "reconstruction: L1, MSE, Huber", "weight: reconstruction_weight", PART),
    (4.65, "losses: Perceptual (a frozen network)", "weight: its own", FROZEN),
    (3.9, "losses: Colorfulness", "weight: its own", PART),
    (3.15, "losses: FeatureMatching", "weight: its own", PART),
    (2.4, "adversarial: BCE, Hinge, Relativistic, …", "weight: adversarial_weight", PART),
]
for y, text, weight, color in terms:
    box(axes, 7.4, y, f"{text}\n{weight}", color, 3.3)
    arrow(axes, (9.05, y), (10.1, 3.9))
for y in (5.4, 4.65, 3.9):
    arrow(axes, (3.6 + HALF, 3.4), (5.75, y))
arrow(axes, (6.6, 1.2 + HEIGHT / 2), (6.6, 2.4 - HEIGHT / 2))
arrow(axes, (5.75, 1.2 + HEIGHT / 2), (5.72, 3.1), -0.35)
box(axes, 10.85, 3.9, "generator's loss", LOSS, 1.5, 0.7)
box(axes, 10.85, 1.2, "discriminator's\nloss", LOSS, 1.5, 0.7)
arrow(axes, (8.6, 2.4 - HEIGHT / 2), (10.1, 1.4))
arrow(axes, (7.95, 0.15), (10.1, 1.0))
axes.text(9.15, 0.45, "weight / 2 * every", fontsize=8, color="#5b6570")
figure.savefig(Path(__file__).with_name("losses.png"), bbox_inches="tight", pad_inches=0.05, facecolor="white")
