"""Training: LightningModules, the adversarial schedule, learning rates, checkpoints, loggers and callbacks."""

from colorgan.training.callbacks import (
    BestCheckpoint,
    CheckpointArtifacts,
    EpochMeans,
    EpochTable,
    FineTuning,
    FrechetDistance,
    GradientHistograms,
    HintL1,
    HintPSNR,
    LastCheckpoint,
    LateEarlyStopping,
    MetricEMA,
    ParameterCount,
    PixelMetrics,
    PredictionWriter,
    ProgressiveSize,
    SampleSheet,
    SaveOnSignal,
    SizeStage,
    TimeBudget,
    ValidationLoss,
)
from colorgan.training.gan import ColorGAN
from colorgan.training.learning_rates import ConstantThenLinear
from colorgan.training.metrics_file import MetricsFile
from colorgan.training.precision import choose_precision
from colorgan.training.regressor import ChromaRegressor
from colorgan.training.schedule import AdversarialSchedule
from colorgan.training.trainer import Trainer

__all__ = [
    "AdversarialSchedule",
    "BestCheckpoint",
    "CheckpointArtifacts",
    "ChromaRegressor",
    "ColorGAN",
    "ConstantThenLinear",
    "EpochMeans",
    "EpochTable",
    "FineTuning",
    "FrechetDistance",
    "GradientHistograms",
    "HintL1",
    "HintPSNR",
    "LastCheckpoint",
    "LateEarlyStopping",
    "MetricEMA",
    "MetricsFile",
    "ParameterCount",
    "PixelMetrics",
    "PredictionWriter",
    "ProgressiveSize",
    "SampleSheet",
    "SaveOnSignal",
    "SizeStage",
    "TimeBudget",
    "Trainer",
    "ValidationLoss",
    "choose_precision",
]
