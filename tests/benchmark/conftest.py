import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

FAKE_FIT = (sys.executable, str(Path(__file__).with_name("fake_fit.py")))

SMALL_GRID = {
    "title": "A small grid",
    "metrics": {
        "val/fid": {"label": "FID"},
        "val/fd": {"label": "distance", "better": "lower"},
        "val/psnr": {"label": "PSNR", "better": "higher"},
    },
    "seeds": [1, 2],
    "base": [{"epochs": 2}],
    "published": {"metric": "FID", "protocol": "another protocol: 164 photos", "source": "A paper"},
    "groups": {
        "alone": {"title": "Alone", "overlays": [{"level": 80.0}], "published": 87.99},
        "pairs": {
            "axes": {
                "judge": {"patch": {"level": 50.0}, "unet": {"level": 60.0}},
                "color": {"rgb": None, "lab": {"epochs": 3}},
            },
            "published": {"patch-rgb": 55.38},
        },
    },
}


@pytest.fixture
def write_grid(tmp_path: Path) -> Callable[..., Path]:
    """Writes a grid, by default a small one, with changes to its first level."""

    def write(name: str = "small.yaml", **changes: object) -> Path:
        file = tmp_path / name
        file.write_text(yaml.safe_dump({**SMALL_GRID, **changes}, sort_keys=False))
        return file

    return write
