"""Data modules that read, cache and split photos and yield them in a reproducible order."""

from colorgan.data.datamodule import Photos
from colorgan.data.fastai_transforms import FastaiTransforms
from colorgan.data.protocol import PhotoBatch, PhotoDataModule, PredictionBatch
from colorgan.data.split import Split
from colorgan.data.streaming import StreamingPhotos
from colorgan.data.torchvision_datasets import Flowers102, TorchvisionPhotos

__all__ = [
    "FastaiTransforms",
    "Flowers102",
    "PhotoBatch",
    "PhotoDataModule",
    "Photos",
    "PredictionBatch",
    "Split",
    "StreamingPhotos",
    "TorchvisionPhotos",
]
