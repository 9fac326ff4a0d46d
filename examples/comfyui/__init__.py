# SPDX-License-Identifier: Apache-2.0
# Copyright the colorgan authors. Licensed under the Apache License, Version 2.0; see LICENSE in the repository.
"""A ComfyUI node that colorizes black-and-white photos at full size.

Install colorgan into the Python of ComfyUI, copy this folder to ``ComfyUI/custom_nodes/colorgan``, and restart ComfyUI.
The node is called "Colorize (colorgan)", in the category "image".
"""

import functools
import json
from typing import Any

import torch

from colorgan import ColorganError, Colorizer
from colorgan.inference import parse_hints

_SLIDER = {"display": "slider", "step": 0.05}


@functools.lru_cache(maxsize=2)
def _opened(model: str) -> Colorizer:
    return Colorizer(model or None, device="auto")


class ColorganColorize:
    """Colorizes a batch of images; their lightness and size stay."""

    CATEGORY = "image"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "colorize"
    DESCRIPTION = "Colorizes black-and-white photos at full size. Color hints say what color something has."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 (ComfyUI's name)
        """The sockets and widgets, in the form that ComfyUI expects."""
        return {
            "required": {
                "image": ("IMAGE",),
                "strength": ("FLOAT", {**_SLIDER, "default": 1.0, "min": 0.0, "max": 2.0}),
                "warmth": ("FLOAT", {**_SLIDER, "default": 0.0, "min": -1.0, "max": 1.0}),
            },
            "optional": {
                "reference": ("IMAGE", {"tooltip": "A photo whose palette the colors take"}),
                "hints": (
                    "STRING",
                    {
                        "default": "",
                        "multiline": True,
                        "tooltip": 'A hint file of colorgan, such as [{"x": 412, "y": 96, "color": "navy"}]',
                    },
                ),
                "model": (
                    "STRING",
                    {
                        "default": "",
                        "tooltip": "Path of a released model, a .ckpt or an .onnx; empty for the shipped one",
                    },
                ),
            },
        }

    def colorize(
        self,
        image: torch.Tensor,
        strength: float,
        warmth: float,
        reference: torch.Tensor | None = None,
        hints: str = "",
        model: str = "",
    ) -> tuple[torch.Tensor]:
        """Colorizes images.

        Args:
            image: (B, H, W, 3), float in [0, 1].
            strength: factor on the chroma, from 0 to 2.
            warmth: from -1 (cold) to 1 (warm).
            reference: (1, H, W, 3), float in [0, 1].
            hints: a hint file as text; the hints go to every image of the batch.
            model: path of the model.

        Returns:
            (B, H, W, 3), float in [0, 1].

        Raises:
            ColorganError: if the hints or the model cannot be used; ComfyUI shows the sentence at the node.
        """
        photos = image[..., :3].movedim(-1, 1)
        palette = None if reference is None else reference[0, ..., :3].movedim(-1, 0)
        per_photo = [_parsed(hints)] * len(photos) if hints.strip() else None
        colorized = _opened(model.strip())(photos, hints=per_photo, strength=strength, warmth=warmth, reference=palette)
        return (colorized.movedim(1, -1).contiguous(),)


def _parsed(text: str) -> Any:
    try:
        return parse_hints(json.loads(text))
    except json.JSONDecodeError as error:
        raise ColorganError(
            f"hints are not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error


NODE_CLASS_MAPPINGS = {"ColorganColorize": ColorganColorize}
NODE_DISPLAY_NAME_MAPPINGS = {"ColorganColorize": "Colorize (colorgan)"}
