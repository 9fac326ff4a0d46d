"""The Fréchet distance between predicted and target photos, at the end of every validation epoch."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import FeatureStatistics, frechet_distance, statistics_of
from colorgan.training.callbacks.outputs import PhotoCallback, first_of_each, gather_rows, photos_of


class FrechetDistance(PhotoCallback):
    """Logs the Fréchet distance between predicted and target photos, paired, after every validation and test.

    It is logged as ``val/fid`` for ``inception-v3-compat`` with its published weights, and otherwise under the name of
    its features, such as ``val/fd_efficientnet_lite0``, in time for a checkpoint callback that monitors it. That of the
    gray photos is logged once beside it, as ``val/fd_efficientnet_lite0_gray``: the floor of every curve. Give the
    callback several times to measure on several features.

    The features of the target are extracted in the first epoch only. The extractor is no part of the model: checkpoints
    hold none of its weights. Features are kept as float32 until the epoch ends, 5 to 8 kB a photo; photos that a
    distributed sampler repeats are counted once, by their ``index``.

    Args:
        features: feature extractor: ``efficientnet-lite0``, ``inception-v3-compat``, or any that torch-fidelity knows.
        weights: local file with the extractor's weights; by default the published ones, installed or downloaded.
        layer: which of its features; by default those that torch-fidelity uses.

    Raises:
        ColorganError: when training is set up, before its first batch, if the extractor or its weights cannot be had.
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
        """Tells several instances apart in a checkpoint."""
        return self._generate_state_key(features=self.features, layer=self.layer)

    def state_dict(self) -> dict[str, Any]:
        """The distances of the gray photos, which need not be measured again."""
        return {"gray": dict(self._gray)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what :meth:`state_dict` gave."""
        self._gray = {str(stage): float(distance) for stage, distance in state_dict["gray"].items()}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Builds the extractor now, so that missing weights stop a run before its first batch, not after an epoch."""
        if stage != "predict":
            self._extractor = FeatureExtractor(self.features, self.weights, self.layer)
            self._target = {}

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lets go of the extractor and its memory."""
        self._batches = {}
        vars(self).pop("_extractor", None)

    def begin(self) -> None:
        """Forgets a validation or test that was broken off."""
        self._batches = {}

    def take(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, stage: str) -> None:
        """Extracts the features of a batch."""
        photos = photos_of(outputs, "the Fréchet distance")
        if self._extractor.device != pl_module.device:
            self._extractor.to(pl_module.device)
        wanted = ["predicted"]
        if stage not in self._target:
            wanted.append("target")
            if stage not in self._gray or trainer.state.fn != TrainerFn.FITTING:
                wanted.append("gray")
        for name in wanted:
            self._batches.setdefault(name, []).append(self._extractor(to_uint8(photos[name].float())))
        self._batches.setdefault("index", []).append(photos["index"].cpu())

    def finish(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Logs the distance."""
        if not self._batches:
            return
        rows = {name: gather_rows(torch.cat(batches), trainer, pl_module) for name, batches in self._batches.items()}
        self._batches = {}
        first_seen = first_of_each(rows.pop("index"))
        if "target" in rows:
            self._target[stage] = statistics_of(rows["target"][first_seen])
        name = f"{stage}/{self._extractor.metric}"
        if "gray" in rows:
            self._gray[stage] = self._distance(rows["gray"][first_seen], stage, trainer)
            pl_module.log(f"{name}_gray", self._gray[stage], sync_dist=True)
        pl_module.log(name, self._distance(rows["predicted"][first_seen], stage, trainer), sync_dist=True)

    def _distance(self, features: Tensor, stage: str, trainer: Trainer) -> float:
        """Computed on one rank and told to the others, so that all of them take the same decisions."""
        target = self._target[stage]
        if min(target.count, len(features)) < 2:
            rank_zero_warn(f"the Fréchet distance of {len(features)} photo is logged as NaN; it needs at least 2")
            return math.nan
        if target.count != len(features):
            del self._target[stage]
            raise ColorganError(
                f"this epoch validated {len(features)} photos and an earlier one {target.count}; "
                "let every epoch validate the same photos, so that their Fréchet distances can be compared"
            )
        distance = frechet_distance(features, target) if trainer.is_global_zero else math.nan
        return float(trainer.strategy.broadcast(distance))
