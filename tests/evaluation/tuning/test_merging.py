"""Merged overlays do what `fit` does with several of them."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from colorgan.cli.trainer.search_check import complete_configuration
from colorgan.evaluation.benchmark.grid import Overlay
from colorgan.evaluation.benchmark.grid_file import read_overlay
from colorgan.evaluation.tuning.merging import merge
from tests.helpers import CONFIGS


def inline(content: Mapping[str, Any]) -> Overlay:
    return Overlay("inline", yaml.safe_dump(dict(content)), content)


@pytest.mark.parametrize(
    ("files", "last"),
    [
        (["discriminator/unet.yaml", "loss/feature_matching.yaml"], {"discriminator": {"init_args": {"width": 8}}}),
        (["generator/encoder_lite0.yaml", "generator/unet.yaml"], {"generator": {"init_args": {"width": 8}}}),
        (["discriminator/none.yaml"], {"discriminator": "PatchGAN", "color_space": "RGB"}),
        (["discriminator/patch.yaml"], {"discriminator": None, "reconstruction": {"class_path": "Huber"}}),
    ],
)
def test_one_merged_overlay_equals_several(files: list[str], last: dict[str, Any]) -> None:
    base = read_overlay(CONFIGS / "base.yaml", "base")
    overlays = [*(read_overlay(CONFIGS / file, file) for file in files), inline({"model": last})]
    merged = inline(merge([overlay.content for overlay in overlays]))
    assert complete_configuration([base, merged], []) == complete_configuration([base, *overlays], [])


def test_lists_are_appended_to_and_replaced() -> None:
    one, two, three = ({"class_path": name} for name in ("A", "B", "C"))
    assert merge([{"t": {"c+": [one]}}, {"t": {"c+": two}}]) == {"t": {"c+": [one, two]}}
    assert merge([{"t": {"c": [one]}}, {"t": {"c+": [two]}}]) == {"t": {"c": [one, two]}}
    assert merge([{"t": {"c+": [one]}}, {"t": {"c": [three]}}]) == {"t": {"c": [three]}}


def test_arguments_of_a_class_given_by_its_name() -> None:
    args = {"init_args": {"width": 8}}
    assert merge([{"g": "UNet"}, {"g": args}]) == {"g": {"class_path": "UNet", **args}}
    assert merge([{"g": {"class_path": "colorgan.models.UNet", **args}}, {"g": "UNet"}]) == {
        "g": {"class_path": "UNet", **args}
    }
    original = {"g": {"init_args": {"a": 1}}}
    merge([original, {"g": {"init_args": {"b": 2}}}])
    assert original == {"g": {"init_args": {"a": 1}}}
