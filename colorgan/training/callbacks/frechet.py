"""Fréchet distance between predicted and target photos, after every validation epoch."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from torch import Tensor

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.metrics.features import FeatureExtractor, check_extractor
from colorgan.metrics.frechet import FeatureStatistics, frechet_distance, to_statistics
from colorgan.metrics.registry import JUDGE
from colorgan.metrics.teachers import is_same_network, teachers
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.photo_rows import first_occurrences, gather_rows
from colorgan.training.steps import EvaluationOutput


class FrechetDistance(EvaluationCallback):
    """Logs the Fréchet distance between predicted and target photos (paired), after every validation and test.

    With ``inception-v3-compat`` and its published weights the metric is ``val/fid``; otherwise it is named after the
    features, such as ``val/fd_efficientnet_lite0``. It is logged in time for checkpoint callbacks to monitor it. The
    distance of the gray photos is the baseline, and is logged once, as ``val/fd_efficientnet_lite0_gray``. Add the
    callback several times to use several feature extractors.

    Features of the target are extracted in the first epoch only, and kept as float32 until the epoch ends (5 to 8 kB
    per photo). Photos that a distributed sampler repeats are counted once, by their dataset index. The extractor is not
    part of the model, so its weights are never saved in checkpoints.

    Args:
        features: feature extractor: ``efficientnet-lite0``, which takes half the time of ``efficientnet-lite2``, the
            judge of reports; ``inception-v3-compat``; or any other registered with torch-fidelity.
        weights: local file with the extractor's weights; by default the published ones, installed or downloaded.
        layer: name of the feature layer; by default the one that torch-fidelity uses.

    Raises:
        ColorganError: during setup, before the first batch, if the extractor or its weights are unavailable.
    """

    _extractor: FeatureExtractor

    def __init__(
        self, features: str = "efficientnet-lite0", weights: str | None = None, layer: str | None = None
    ) -> None:
        self.features, self.weights, self.layer = features, weights, layer
        self._batches: dict[str, list[Tensor]] = {}
        self._target: dict[str, FeatureStatistics] = {}
        self._gray: dict[str, float] = {}

    @property
    def state_key(self) -> str:
        """Distinguishes several instances in a checkpoint."""
        arguments = {"features": self.features, "layer": self.layer}
        return f"{type(self).__qualname__}{arguments}"

    def state_dict(self) -> dict[str, Any]:
        """Returns the distances of the gray photos, so that a resumed run need not compute them again."""
        return {"gray": dict(self._gray)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the distances of the gray photos."""
        self._gray = {str(stage): float(distance) for stage, distance in state_dict["gray"].items()}

    def logged_metrics(self) -> list[str]:
        """``val/fd_…`` or ``val/fid…``; a pattern, because the name depends on the weights."""
        name = f"val/fd_{self.features}".replace("-", "_")
        return [name, f"{name}_*", *(["val/fid", "val/fid_*"] if "inception" in self.features else [])]

    def check_model(self, pl_module: LightningModule) -> None:
        """Checks the name of the extractor, and warns of a judge that teaches."""
        check_extractor(self.features)
        both = [name for name in teachers(dict(pl_module.hparams)) if is_same_network(name, self.features)]
        if both:
            rank_zero_info(
                f"{self.features} measures the Fréchet distance and teaches the model ({both[0]}), so the distance is "
                f"too low to compare models by: use it to watch a training, and measure another one, such as "
                f"{JUDGE}, for comparisons"
            )

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Loads the extractor, so that missing weights are reported before the first batch, not after an epoch."""
        if stage != "predict":
            self._extractor = FeatureExtractor(self.features, self.weights, self.layer)
            self._target = {}

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Frees the memory of the extractor."""
        self._batches = {}
        vars(self).pop("_extractor", None)

    def reset(self) -> None:
        """Drops the features of an interrupted epoch."""
        self._batches = {}

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Extracts the features of a batch."""
        if self._extractor.device != pl_module.device:
            self._extractor.to(pl_module.device)
        photos = {"predicted": output["predicted"]}
        if stage not in self._target:
            photos["target"] = output["target"]
            if stage not in self._gray or trainer.state.fn != TrainerFn.FITTING:
                photos["gray"] = output["gray"]
        for name, rgb in photos.items():
            self._batches.setdefault(name, []).append(self._extractor(to_uint8(rgb.float())))
        self._batches.setdefault("index", []).append(output["index"].cpu())

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the distance."""
        if not self._batches:
            return
        rows = {name: gather_rows(torch.cat(batches), pl_module) for name, batches in self._batches.items()}
        self._batches = {}
        unique = first_occurrences(rows.pop("index"))
        if "target" in rows:
            self._target[stage] = to_statistics(rows["target"][unique])
        name = f"{stage}/{self._extractor.metric}"
        if "gray" in rows:
            self._gray[stage] = self._distance(rows["gray"][unique], stage, trainer)
            pl_module.log(f"{name}_gray", self._gray[stage], sync_dist=True)
        pl_module.log(name, self._distance(rows["predicted"][unique], stage, trainer), sync_dist=True)

    def _distance(self, features: Tensor, stage: EvaluationStage, trainer: Trainer) -> float:
        """Computes the distance on rank 0 and broadcasts it, so that all ranks see the same value."""
        target = self._target[stage]
        if min(target.count, len(features)) < 2:
            rank_zero_warn(
                f"the Fréchet distance needs at least 2 photos, but the epoch has {len(features)}; logging NaN"
            )
            return math.nan
        if target.count != len(features):
            del self._target[stage]
            raise ColorganError(
                f"this epoch validated {len(features)} photos and an earlier one {target.count}: "
                "validate the same photos in every epoch, so that their Fréchet distances can be compared"
            )
        distance = frechet_distance(features, target) if trainer.is_global_zero else math.nan
        return float(trainer.strategy.broadcast(distance))
