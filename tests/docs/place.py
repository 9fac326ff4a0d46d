"""A working folder with everything that the commands of the documentation name: photos, runs, models and grids."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import yaml

from colorgan.cli import main
from tests.docs.commands import SMALL
from tests.docs.pages import blocks, pages
from tests.helpers import REPOSITORY, picture
from tests.inference.film.helpers import write_film
from tests.inference.onnx.test_foreign import foreign

PROGRAMS = ("configs", "docs", "tools", "benchmarks", "examples", "tests", "Makefile", "train.py", "evaluate.py")
"""What is the repository's own."""
COLLECTIONS = ("my_photos", "photos", "flowers", "flowers12", "fruit", "faces", "landscapes", "photos1000", "imagenet")
"""Folders of photos with a part for training and others."""
ALBUMS = ("albums", "my_old_photos", "train_photos", "sets/intel", "sets/caltech", "held_out", "regions")
"""Folders of photos."""
SHIPPED = "checkpoints/colorgan-photos"
RUNS = ("RUN", "base", "quickstart", "flowers_unet", "faces", "photos", "wandb")
NETWORK = """
from colorgan.models import UNet

class MyNet(UNet):
    pass
"""
DATA = """
from colorgan.data import Photos

class MyData(Photos):
    def __init__(self, root: str = "my_photos", size: int = 32, batch_size: int = 2, num_workers: int = 0) -> None:
        super().__init__(root, size=size, batch_size=batch_size, num_workers=num_workers)
"""
GRID = {
    "title": "A grid",
    "base": ["configs/base.yaml"],
    "groups": {"a": {"runs": {"plain": None, "average": {"model": {"ema_decay": 0.99}}}}},
}


def furnish(place: Path) -> None:
    """Fills an empty working directory."""
    for name in PROGRAMS:
        (place / name).symlink_to(REPOSITORY / name)
    (place / "colorgan").mkdir()  # the clone of those who contribute
    photos = place / "photos_to_copy"
    for part, count in (("train", 6), ("val", 3), ("test", 3)):
        (photos / part).mkdir(parents=True)
        for number in range(count):
            picture(10 * len(part) + number, 40, 48).save(photos / part / f"{part}_{number}.jpg")
    for name in COLLECTIONS:
        shutil.copytree(photos, place / name)
    for name in ALBUMS:
        shutil.copytree(photos / "val", place / name)
    for name in ("images/of_another_program", "images/other_program", "results/ours", "results/theirs"):
        shutil.copytree(photos / "test", place / name)
    recipe = yaml.safe_load((place / "configs" / "recipes" / "photos.yaml").read_text())
    for name in recipe["data"]["weights"]:  # as tools/model/photos.py lays them out
        (place / "photos" / "train" / name).mkdir()
        shutil.copy(photos / "val" / "val_0.jpg", place / "photos" / "train" / name)
    shutil.rmtree(photos)
    picture(1, 720, 480).save(place / "old.jpg")
    picture(2, 60, 80).save(place / "beach.jpg")
    (place / "hints.json").write_text(json.dumps([{"x": 412, "y": 96.5, "color": "#2e6b34"}]))
    (place / "GRID.yaml").write_text(yaml.safe_dump(GRID))
    (place / "tuning" / "gan").mkdir(parents=True)  # what `colorgan tune` leaves
    (place / "tuning" / "gan" / "best.yaml").write_text("model: {reconstruction_weight: 80}\n")
    (place / "tuning" / "gan" / "confirm.yaml").write_text(
        yaml.safe_dump({**GRID, "base": ["../../configs/base.yaml"]})
    )
    (place / "mynet.py").write_text(NETWORK)
    (place / "mydata.py").write_text(DATA)
    write_film(place / "grandpa.mp4", [np.asarray(picture(number, 32, 48)) for number in range(3)], sound=None)
    for block in (block for page in pages() for block in blocks(page)):
        name = re.match(r"# ([\w-]+\.yaml)\n", block.text)  # a file that a page has the reader write
        if name is not None:
            (place / name[1]).write_text(block.text)
    _make_models(place)


def _make_models(place: Path) -> None:
    shipped = place / SHIPPED
    shipped.mkdir(parents=True)
    for file in (REPOSITORY / SHIPPED).iterdir():
        shutil.copy(file, shipped)
    for name in ("FOLDER", "old-photos", "former-model", "a", "b"):
        shutil.copytree(shipped, place / name, copy_function=os.link)
    shutil.copy(shipped / "model.onnx", place)
    shutil.copy(shipped / "card.yaml", place)
    onnx.save(foreign(), place / "theirs.onnx")
    assert main(["fit", "-c", "configs/base.yaml", *SMALL, "--trainer.max_epochs=1", "--runs=made"]) == 0
    (run,) = (place / "made").glob("base/*")
    for name in RUNS:
        shutil.copytree(run, place / "checkpoints" / name / "20261121-101500", copy_function=os.link)
    shutil.copytree(run, place / "checkpoints" / "RUN", dirs_exist_ok=True, copy_function=os.link)
    for name in ("photos", "wandb"):
        shutil.copytree(run, place / "checkpoints" / name / "TIME", copy_function=os.link)
    (place / "best").mkdir()  # an artifact of Weights & Biases
    for file in (run / "config.yaml", run / "checkpoints" / "best.ckpt"):
        shutil.copy(file, place / "best")
    for name in ("best.ckpt", "last.ckpt"):
        for file in (run / "checkpoints").glob(f"{name}*"):
            shutil.copy(file, place)
    shutil.rmtree(place / "made")
