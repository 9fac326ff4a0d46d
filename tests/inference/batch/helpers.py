"""Video frames, and a model that flickers."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import Painter, picture


def write_frames(folder: Path, count: int = 6) -> None:
    """Writes the frames of two scenes, with a cut after the third frame."""
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        picture(7 if number <= 3 else 8, 32, 48).save(folder / f"frame{number}.png")


class FlickeringPainter(Painter):
    """Alternates between warm and cold colors."""

    def __init__(self) -> None:
        super().__init__()
        self.num_frames = 0

    def run_network(self, rgb: np.ndarray, hints: Any = None) -> np.ndarray:
        warm = super().run_network(rgb)
        self.num_frames += len(rgb)
        return -warm if self.num_frames % 2 else warm
