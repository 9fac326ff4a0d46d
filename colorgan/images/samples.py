"""The sample photos included with colorgan."""

from pathlib import Path

SAMPLE_PHOTOS = Path(__file__).parent / "sample_photos"
"""Folder of 166 training (``train/``) and 42 validation (``val/``) tiles of 160 x 160 pixels, cut from photos."""
