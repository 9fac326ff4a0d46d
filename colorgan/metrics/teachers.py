"""Which pretrained networks a model has learned from, so that none of them also judges it.

A network that teaches, as an encoder, in a discriminator or in a loss, flatters the distances on its own features.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from colorgan.errors import CheckpointError
from colorgan.models.config import Part, class_from_config


def teachers(config: Any) -> list[str]:
    """Finds the pretrained networks in the description of a model.

    Args:
        config: plain data with ``class_path`` and ``init_args`` of parts, such as the hyperparameters of a checkpoint.

    Returns:
        timm's names of the networks, sorted: those of all parts with an ``encoder`` and ``weights`` for it, given or by
        default.

    Example:
        >>> generator = {"class_path": "colorgan.models.EncoderUNet", "init_args": {"weights": "timm"}}
        >>> teachers({"generator": generator, "discriminator": None})
        ['resnet34']
    """
    return sorted(set(_find(config)))


def _find(config: Any) -> list[str]:
    if isinstance(config, Mapping):
        found = [name for value in config.values() for name in _find(value)]
        arguments = {**_defaults(config), **_mapping(config.get("init_args"))}
        encoder = arguments.get("encoder")
        return [*found, encoder] if isinstance(encoder, str) and arguments.get("weights") else found
    if isinstance(config, Sequence) and not isinstance(config, str):
        return [name for value in config for name in _find(value)]
    return []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of a part of colorgan; none of a class that this version does not know or would not trust."""
    path = config.get("class_path")
    if not isinstance(path, str) or ("." in path and not path.startswith("colorgan.")):
        return {}
    public = {"class_path": f"colorgan.models.{path.rpartition('.')[2]}"}  # configurations name files or nothing
    try:
        parameters = inspect.signature(class_from_config(public, Part)).parameters.values()
    except CheckpointError:
        return {}
    return {each.name: each.default for each in parameters if each.default is not inspect.Parameter.empty}


def judge_of(metric: str) -> str | None:
    """The network on whose features a metric is measured; None for a metric without one.

    Args:
        metric: key of the metric, without ``val/``.

    Example:
        >>> judge_of("fd_efficientnet_lite0"), judge_of("fid"), judge_of("psnr")
        ('efficientnet-lite0', 'inception-v3', None)
    """
    if metric.startswith(("fid", "kid")):
        return "inception-v3"
    found = re.fullmatch(r"[fk]d_(\w+?)(_disjoint|_[0-9a-f]{8})?", metric)
    return found[1].replace("_", "-") if found else None


def is_same_network(teacher: str, judge: str) -> bool:
    """Whether a teacher is the network of a feature extractor or a perceptual distance.

    Args:
        teacher: timm's name, which may end in a tag.
        judge: name of a feature extractor, or ``alex`` and the like of LPIPS.

    Example:
        >>> is_same_network("tf_efficientnet_lite0.in1k", "efficientnet-lite0")
        True
        >>> is_same_network("tf_efficientnet_lite0", "efficientnet-lite2"), is_same_network("vgg16", "vgg16")
        (False, True)
    """
    return _plain(teacher) == _plain(judge)


def _plain(name: str) -> str:
    name = re.sub(r"[-\s]", "_", name.lower()).partition(".")[0]
    return re.sub(r"_(compat|clean)$|net$", "", name.removeprefix("tf_"))
