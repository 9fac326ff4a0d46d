"""Shards of decoded photos, for data sets that are larger than a disk."""

from colorgan.data.streaming.datamodule import StreamingPhotos
from colorgan.data.streaming.packing import PackedPhotos, pack

__all__ = ["PackedPhotos", "StreamingPhotos", "pack"]
