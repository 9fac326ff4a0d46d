"""The stages of an encoder: its layers, grouped by the feature map that they lead to."""

from collections.abc import Iterator
from typing import Any

from torch import nn


def encoder_stages(encoder: Any, excluded: nn.Module | None) -> list[list[nn.Module]]:
    """Splits an encoder from :func:`build_encoder` after each of its feature maps.

    Args:
        encoder: the encoder.
        excluded: a module to leave out, at any depth.

    Returns:
        The modules of each stage that has parameters, from the input to the coarsest feature map.
    """
    outputs = {name.replace(".", "_") for name in encoder.feature_info.module_name()}
    stages: list[list[nn.Module]] = [[]]
    for name, module in _layers(encoder):
        stages[-1] += _without(module, excluded)
        if name in outputs:
            stages.append([])
    return [stage for stage in stages if any(True for module in stage for _ in module.parameters())]


def _layers(encoder: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers of an encoder in order, with the contents of ``nn.Sequential`` containers."""
    for name, module in encoder.named_children():
        if isinstance(module, nn.Sequential):
            yield from ((f"{name}_{child_name}", child) for child_name, child in module.named_children())
            yield name, nn.Identity()  # the end of the container, which may be a feature map
        else:
            yield name, module


def _without(module: nn.Module, excluded: nn.Module | None) -> list[nn.Module]:
    """The module, or its children without ``excluded`` if it contains that."""
    if module is excluded:
        return []
    if excluded is None or all(descendant is not excluded for descendant in module.modules()):
        return [module]
    return [part for child in module.children() for part in _without(child, excluded)]
