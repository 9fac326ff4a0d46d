"""Parts from training to use: trained with a YAML overlay, resumed bit for bit, released, exported, applied."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.cli import main
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.torch_colorizer import TorchColorizer
from tests.helpers import CONFIGS, QUICK_TRAINER

TINY = f"""
seed_everything: 1
data: {{root: photos, size: 32, batch_size: 4, num_workers: 0, val_fraction: 0.25}}
model:
  ema_decay: 0.9
  generator: {{class_path: UNet, init_args: {{width: 4, depth: 2, dropout: 0.1}}}}
  discriminator: {{class_path: PatchGAN, init_args: {{width: 4, num_downsamples: 2}}}}
trainer:
{QUICK_TRAINER}  logger: false
  callbacks: [{{class_path: LastCheckpoint}}, {{class_path: ParameterCount}}]
"""
ENCODER = ["--model.generator.encoder=test_resnet", "--model.generator.weights=null", "--model.generator.width=4"]
PARTS = {
    "QuantizedLab": ["-c", str(CONFIGS / "color/quantized_lab.yaml")],
    "QuantizedLab with hints": [
        *("-c", str(CONFIGS / "color/quantized_lab.yaml"), "-c", str(CONFIGS / "hints/points.yaml")),
        *("-c", str(CONFIGS / "generator/half_size.yaml"), *ENCODER, "--model.discriminator_sees_hints=true"),
    ],
    "QueryUNet": ["-c", str(CONFIGS / "generator/query_lite0.yaml"), *ENCODER, "--model.generator.queries=3"],
    "OldPhotos": ["-c", str(CONFIGS / "augment/old_photos.yaml")],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos and a configuration, in which the commands run."""
    (tmp_path / "photos").mkdir()
    for seed in range(16):
        coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((48, 40), Image.Resampling.BICUBIC).save(tmp_path / f"photos/{seed:02d}.png")
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def last(name: str) -> Path:
    (file,) = Path("checkpoints").glob(f"{name}/*/checkpoints/last.ckpt")
    return file


@pytest.mark.parametrize("part", PARTS)
def test_from_training_to_a_colorized_photo(part: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit = ["fit", "-c", "tiny.yaml", *PARTS[part]]
    assert main([*fit, "--name=whole", "--trainer.max_epochs=2"]) == 0
    assert main([*fit, "--name=parts"]) == 0
    assert main([*fit, "--name=parts", "--trainer.max_epochs=2", "--ckpt_path=last"]) == 0
    states = [torch.load(last(name), weights_only=True)["state_dict"] for name in ("whole", "parts")]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])

    assert main(["release", str(last("whole")), "-o", "released"]) == 0
    photo = Image.open("photos/00.png").convert("L")
    trained, released = TorchColorizer.from_checkpoint(last("whole")), TorchColorizer.from_pretrained("released")
    colorizers = (trained, released, OnnxColorizer("released/model.onnx"))
    first, *others = (np.asarray(one.colorize(photo), int) for one in colorizers)
    for other in others:
        assert np.abs(first - other).max() <= 3  # released weights have 16 bits
    assert main(["colorize", "photos", f"--checkpoint={last('whole')}", "-o", "colorized"]) == 0
    assert len(list(Path("colorized").glob("*.png"))) == 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model.reconstruction=CrossEntropy"], "which Lab does not have: set model.color_space to QuantizedLab"),
        (["--model.color_space=QuantizedLab", "--model.color_space.grid=3"], "grid must be an integer from 5 to 40"),
        (["--model.degradation=OldPhotos", "--model.degradation.grain=2"], "grain must be a probability"),
        (
            ["-c", str(CONFIGS / "generator/half_size.yaml"), *ENCODER, "--model.generator.output_stride=3"],
            "output_stride must be 1, 2 or 4, received 3",
        ),
        (
            ["-c", str(CONFIGS / "generator/half_size.yaml"), *ENCODER, "--model.generator.depth=1"],
            "output_stride is 2, but",
        ),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_in_one_sentence(
    options: list[str], message: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", "tiny.yaml", *options]) in (1, 2)
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
