"""The photos that ship with colorgan."""

from pathlib import Path

SAMPLE_PHOTOS = Path(__file__).parent / "sample_photos"
"""166 tiles of photos to train on (``train/``) and 42 to validate on (``val/``), each of 160 x 160 pixels."""
