"""What many tests need: a tiny model, photos from outside, and caches that are not the user's."""

import functools
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch  # noqa: F401 (its log handler must not keep the captured stderr of the first test)
import pytest
import torch
import yaml
from PIL import Image
from torch.utils.data import DataLoader
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from tests.helpers import Painter, RandomPhotos, TinyFeatures, photo_of, photos, picture, recolored, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore = ["inference/typed_use.py"]  # for mypy alone
# Lightning keeps its messages to itself where nothing else logs yet; caplog listens at the root
logging.getLogger("lightning.pytorch").propagate = True
# the tiny networks of the tests are slower on several threads than on one
torch.set_num_threads(1)
os.environ.setdefault("COLORGAN_CACHE", "")


@pytest.fixture(autouse=True)
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests train does not depend on the machine: ``precision: auto`` means float32."""
    monkeypatch.setattr("colorgan.training.precision.bfloat16_speedup", lambda: 1.0)


@pytest.fixture(scope="session")
def colorgan_data() -> Path:
    """The folder of real photographs that is kept outside the repository."""
    folder = os.environ.get("COLORGAN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("COLORGAN_DATA does not name a folder with sample_photos, flowers12 and photos1000")
    return Path(folder)


@pytest.fixture
def wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights & Biases as on a machine without a network; it leaves nothing at the user's."""
    for name, value in {"MODE": "offline", "SILENT": "true", "CONSOLE": "off", "DISABLE_GIT": "true"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    for name in ("CACHE_DIR", "CONFIG_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb-of-the-user"))
    monkeypatch.delenv("WANDB_DATA_DIR", raising=False)


@pytest.fixture
def no_onnx_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without the extra `export`: `colorgan release` writes no ONNX file, which would take seconds."""
    monkeypatch.setitem(sys.modules, "onnxscript", None)


@pytest.fixture
def tiny_model() -> Callable[..., Any]:
    """Makes a ColorGAN so narrow that a step takes milliseconds."""
    from colorgan.models.discriminators import PatchGAN
    from colorgan.models.generators import UNet
    from colorgan.training.gan import ColorGAN

    def make(**changes: Any) -> ColorGAN:
        torch.manual_seed(0)
        arguments: dict[str, Any] = {
            "generator": functools.partial(UNet, width=4, depth=2),
            "discriminator": functools.partial(PatchGAN, width=4, num_downsamples=2),
        }
        return ColorGAN(**{**arguments, **changes})

    return make


@pytest.fixture
def fit(tmp_path: Path) -> Callable[..., Any]:
    """Trains a model for a moment, on noise unless another data set is given, and returns the trainer."""
    from lightning.pytorch import Trainer

    from colorgan.training.checkpoints import CheckpointFiles

    def run(
        model: Any,
        photos: int = 8,
        batch_size: int = 4,
        ckpt_path: str | None = None,
        dataset: Any = None,
        **options: Any,
    ) -> Trainer:
        defaults: dict[str, Any] = {
            "max_epochs": 1,
            "accelerator": "cpu",
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "default_root_dir": tmp_path,
            "plugins": [CheckpointFiles()],
        }
        trainer = Trainer(**{**defaults, **options})
        loader = DataLoader(dataset or RandomPhotos(photos), batch_size=batch_size)
        trainer.fit(model, loader, loader, ckpt_path=ckpt_path)
        return trainer

    return run


@pytest.fixture
def tiny_features(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a small extractor, registered with torch-fidelity for the duration of a test."""
    monkeypatch.setitem(FEATURE_EXTRACTORS_REGISTRY, "tiny-test", TinyFeatures)
    return "tiny-test"


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[..., Path]:
    """Writes photos of given seeds into a new folder below the test's own."""

    def make(folder: str, seeds: int | range, suffix: str = ".png", gray: bool = False) -> Path:
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        for seed in range(seeds) if isinstance(seeds, int) else seeds:
            image = Image.fromarray(photo_of(seed))
            (image.convert("L") if gray else image).save(place / f"photo_{seed:03d}{suffix}")
        return place

    return make


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released model with random weights that takes hints."""
    from colorgan.inference.torch_colorizer import TorchColorizer
    from colorgan.models.generators import UNet
    from colorgan.models.hints import PointHints

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    TorchColorizer(UNet(4, 2, width=4, depth=2), hints=PointHints(), size=32).save_pretrained(folder)
    return folder


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Four photos in two folders."""
    for number, name in enumerate(["a.jpg", "b.png", "summer/c.jpg", "summer/beach/d.tif"]):
        file = tmp_path / "album" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        picture(number, 30 + number, 40).save(file)
    return tmp_path / "album"


@pytest.fixture
def tree() -> Callable[[Path], list[str]]:
    """Lists all files below a folder."""
    return lambda folder: sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


_SIZE = 32


@pytest.fixture
def offline_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Caches and downloads of a test stay in its folder, and nothing is downloaded."""

    def no_network(url):
        raise OSError("no network in tests")

    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    return tmp_path / "cache"


@pytest.fixture
def reference_folder(tmp_path: Path) -> Path:
    """Eight photos, in test/, and six others in train/."""
    write(photos(8, seed=4, size=_SIZE), tmp_path / "data" / "test" / "roses")
    write(photos(6, seed=2, size=_SIZE), tmp_path / "data" / "train")
    return tmp_path / "data"


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Colorized versions of the reference photos, as another program would write them."""
    return write(recolored(photos(8, seed=4, size=_SIZE), 40), tmp_path / "theirs" / "roses").parent


_SMALL_GRID = {
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
                "discriminator": {"patch": {"level": 50.0}, "unet": {"level": 60.0}},
                "color": {"rgb": None, "lab": {"epochs": 3}},
            },
            "published": {"patch-rgb": 55.38},
        },
    },
}


@pytest.fixture
def write_grid(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small grid; keyword arguments replace its top-level keys."""

    def write_it(name: str = "small.yaml", **changes: object) -> Path:
        file = tmp_path / name
        file.write_text(yaml.safe_dump({**_SMALL_GRID, **changes}, sort_keys=False))
        return file

    return write_it


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
