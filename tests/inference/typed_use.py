"""Uses the colorizer in every way that its types allow. A test has mypy check it; nothing runs it."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from colorgan import ColorHint, Colorizer, ColorStroke, open_model, read_hints
from colorgan.inference import PhotoColorizer

colorizer = Colorizer()
opened: PhotoColorizer = Colorizer("model.onnx", device="cuda")
opened = Colorizer(open_model(Path("best.ckpt")))


def files(path: Path, contents: bytes) -> None:
    assert_type(colorizer("old.jpg"), Image.Image)
    assert_type(colorizer(path, strength=1.2, warmth=-0.5, size=256), Image.Image)
    assert_type(colorizer(contents), Image.Image)
    assert_type(colorizer(["a.jpg", "b.jpg"]), list[Image.Image])
    assert_type(colorizer([path, path]), list[Image.Image])
    assert_type(colorizer(sorted(path.glob("*.jpg"))), list[Image.Image])
    assert_type(colorizer([contents]), list[Image.Image])


def images(image: Image.Image, array: npt.NDArray[np.uint16], unknown: npt.NDArray[Any], tensor: Tensor) -> None:
    assert_type(colorizer(image), Image.Image)
    assert_type(colorizer(Image.open("old.jpg")), Image.Image)
    assert_type(colorizer(array), npt.NDArray[np.uint16])
    assert_type(colorizer(unknown), npt.NDArray[Any])
    assert_type(colorizer(tensor), Tensor)
    assert_type(colorizer([image, image]), list[Image.Image])
    assert_type(colorizer([array]), list[npt.NDArray[np.uint16]])
    assert_type(colorizer([tensor]), list[Tensor])
    assert_type(colorizer(["old.jpg", array, tensor]), list[Image.Image | npt.NDArray[Any] | Tensor])
    assert_type(open_model().colorize(array), npt.NDArray[np.uint16])


def hints(image: Image.Image) -> None:
    dot, stroke = ColorHint(3, 4, "navy"), ColorStroke([(1, 2), (3, 4)], "red")
    assert_type(colorizer(image, hints=[dot]), Image.Image)
    colorizer(image, hints=[dot, stroke])
    colorizer(image, hints=[{"x": 3, "y": 4, "color": "navy"}])
    colorizer(image, hints=[dot, {"stroke": [[1, 2], [3, 4]], "color": "red"}])
    colorizer(image, hints="hints.json")
    colorizer(image, hints=read_hints("hints.json"))
    colorizer([image, image], hints=[None, [dot]])
    colorizer(image, reference="beach.jpg")


def mistakes(image: Image.Image) -> None:
    colorizer(image, strenght=2)  # type: ignore[call-overload]
    colorizer(image, hints=[3])  # type: ignore[list-item]
    colorizer(image, hints=ColorHint(3, 4, "navy"))  # type: ignore[call-overload]
    colorizer(image, strength="2")  # type: ignore[call-overload]
    colorizer(3)  # type: ignore[call-overload]
    colorizer([3])  # type: ignore[type-var]
    Colorizer(3)  # type: ignore[arg-type]
