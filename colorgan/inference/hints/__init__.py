"""Color hints of users: what they are, their file format, and what a network and the photo make of them."""

from colorgan.inference.hints.hint import ColorArea, ColorHint, ColorStroke, Hint, check_inside
from colorgan.inference.hints.hint_file import MAX_HINTS, hint_entry, parse_hints, read_hints, write_hints
from colorgan.inference.hints.hint_input import HintsInput, PhotoHints, hints_per_photo
from colorgan.inference.hints.painting import paint_hints, still_hints
from colorgan.inference.hints.rasterize import rasterize_hints

__all__ = [
    "MAX_HINTS",
    "ColorArea",
    "ColorHint",
    "ColorStroke",
    "Hint",
    "HintsInput",
    "PhotoHints",
    "check_inside",
    "hint_entry",
    "hints_per_photo",
    "paint_hints",
    "parse_hints",
    "rasterize_hints",
    "read_hints",
    "still_hints",
    "write_hints",
]
