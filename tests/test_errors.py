import signal
from pathlib import Path

import pytest

from colorgan.errors import ColorganError, TrainingInterruptedError, did_you_mean, first_sentence


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unet", "; did you mean 'UNet'?"),
        ("UNett", "; did you mean 'UNet'?"),
        ("patchgan", "; did you mean 'PatchGAN'?"),
        ("vgg", "; valid names are UNet, PatchGAN"),
        ("x" * 100_000, "; valid names are UNet, PatchGAN"),
    ],
)
def test_did_you_mean(name: str, expected: str) -> None:
    assert did_you_mean(name, ["UNet", "PatchGAN"], list_all=True) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("No space left. Try later."), "No space left"),
        (RuntimeError("\n  CUDA error: out of memory.\nCompile with ...\n"), "CUDA error: out of memory"),
        (ValueError("size 0.5 is wrong"), "size 0.5 is wrong"),
        (TimeoutError(), "TimeoutError"),
        (ValueError("expected:"), "expected"),
    ],
)
def test_first_sentence(error: Exception, expected: str) -> None:
    assert first_sentence(error) == expected


def test_interruption_says_how_to_resume() -> None:
    error = TrainingInterruptedError(signal.SIGTERM, Path("run/last.ckpt"))
    assert str(error) == "stopped on SIGTERM with everything saved; resume with --ckpt_path run/last.ckpt"
    assert error.signal == signal.SIGTERM
    assert not isinstance(error, ColorganError)  # it is no invalid input
