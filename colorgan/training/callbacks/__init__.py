"""Lightning callbacks: metrics, samples, checkpoints, learning-rate schedules and interruption."""

from colorgan.training.callbacks.checkpoint_artifacts import CheckpointArtifacts
from colorgan.training.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from colorgan.training.callbacks.early_stopping import LateEarlyStopping
from colorgan.training.callbacks.epoch_means import EpochMeans
from colorgan.training.callbacks.epoch_table import EpochTable
from colorgan.training.callbacks.evaluation import EvaluationCallback
from colorgan.training.callbacks.fine_tuning import FineTuning
from colorgan.training.callbacks.frechet import FrechetDistance
from colorgan.training.callbacks.gradient_histograms import GradientHistograms
from colorgan.training.callbacks.hint_l1 import HintL1
from colorgan.training.callbacks.hint_psnr import HintPSNR
from colorgan.training.callbacks.interruption import SaveOnSignal
from colorgan.training.callbacks.metric_ema import MetricEMA
from colorgan.training.callbacks.parameter_count import ParameterCount
from colorgan.training.callbacks.pixel_metrics import PixelMetrics
from colorgan.training.callbacks.predictions import PredictionWriter
from colorgan.training.callbacks.progressive_size import ProgressiveSize, SizeStage
from colorgan.training.callbacks.samples import SampleSheet
from colorgan.training.callbacks.time_budget import TimeBudget
from colorgan.training.callbacks.validation_loss import ValidationLoss

__all__ = [
    "BestCheckpoint",
    "CheckpointArtifacts",
    "EpochMeans",
    "EpochTable",
    "EvaluationCallback",
    "FineTuning",
    "FrechetDistance",
    "GradientHistograms",
    "HintL1",
    "HintPSNR",
    "LastCheckpoint",
    "LateEarlyStopping",
    "MetricEMA",
    "ParameterCount",
    "PixelMetrics",
    "PredictionWriter",
    "ProgressiveSize",
    "SampleSheet",
    "SaveOnSignal",
    "SizeStage",
    "TimeBudget",
    "ValidationLoss",
]
