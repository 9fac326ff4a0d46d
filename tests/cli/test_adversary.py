"""Adversaries by overlays, as users type them: trained, stopped, resumed."""

import json
from pathlib import Path

import pytest
import torch

from colorgan.cli import main
from tests.helpers import CONFIGS, photos, train_on_two_ranks, write

TINY = """
seed_everything: 1
data: {size: 32, batch_size: 4, num_workers: 0, val_fraction: 0.25}
model:
  generator: {class_path: UNet, init_args: {width: 4, depth: 2, dropout: 0.1}}
trainer:
  accelerator: cpu
  precision: 32-true
  max_epochs: 3
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
  logger: false
  callbacks:
    - class_path: LastCheckpoint
"""
OVERLAYS = ["discriminator/projected", "augment/adaptive", "loss/r1", "loss/perceptual", "loss/feature_matching"]
OPTIONS = [
    "--model.discriminator.width=4",
    "--model.discriminator.norm=none",
    "--model.discriminator_penalty.every=2",
    "--model.discriminator_augmentation.target=-0.999",  # exceeded in every update
    "--model.discriminator_augmentation.ramp=0.05",
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(photos(16, seed=3, size=32), tmp_path / "photos")
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def adversary() -> list[str]:
    overlays = [word for overlay in OVERLAYS for word in ("-c", str(CONFIGS / f"{overlay}.yaml"))]
    return ["-c", "tiny.yaml", *overlays, "--data.root=photos", *OPTIONS]


def fit(name: str, *options: str) -> dict[str, torch.Tensor]:
    """Trains, and returns the weights of the last checkpoint."""
    assert main(["fit", *adversary(), f"--name={name}", *options]) == 0
    (file,) = Path("checkpoints").glob(f"{name}/*/checkpoints/last.ckpt")
    state: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["state_dict"]
    return state


def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(place: Path) -> None:
    """Frozen networks are loaded again, and the mixing, the strength of augmentation and the lazy penalty continue."""
    whole = fit("whole")
    fit("parts", "--trainer.max_epochs=1")
    parts = fit("parts", "--ckpt_path=last")
    assert whole["augmentation_strength.probability"] > 0
    assert not any("encoder" in name for name in whole)
    different = [name for name in whole if not torch.equal(whole[name], parts[name])]
    assert not different


def test_terms_are_appended_to_the_list(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (str(CONFIGS / "loss" / f"{name}.yaml") for name in ("perceptual", "colorfulness"))
    with pytest.raises(SystemExit):
        main(["fit", "-c", "tiny.yaml", "-c", one, "-c", other, "--model.losses+=Huber", "--print_config"])
    printed = capsys.readouterr().out
    positions = [printed.index(f"colorgan.models.{name}") for name in ("Perceptual", "Colorfulness", "Huber")]
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model.losses=L1"], "model.losses: expected a list"),
        (['--model.losses=[{"class_path": "Perceptul"}]'], "did you mean 'Perceptual'"),
        (["--model.discriminator_penalty=R2"], "'R2' is not a valid class"),
        (["--model.losses+=Perceptual", "--model.losses.layers=[3]"], "choose some of these, received [3]"),
        (["--model.discriminator=MultiScale", "--model.discriminator.discriminator=UNet"], "UNet"),
    ],
)
def test_mistakes_are_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    code: object
    try:
        code = main(["fit", "-c", "tiny.yaml", "--data.root=photos", *options])
    except SystemExit as exit_of_parser:
        code = exit_of_parser.code
    assert code in (1, 2)
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.slow
def test_two_processes_train_the_same_adversary_and_end_at_the_same_step(place: Path) -> None:
    """The penalty is due in the same updates, and the time, which differs, is over for both of them at once."""
    budget = {"class_path": "TimeBudget", "init_args": {"seconds": 1, "clock": "processor"}}
    Path("budget.yaml").write_text(json.dumps({"trainer": {"max_epochs": -1, "callbacks+": [budget]}}))
    train_on_two_ranks("fit", *adversary(), "-c", "budget.yaml", "--data.batch_size=2")
    (file,) = Path("checkpoints").glob("*/*/checkpoints/last.ckpt")
    saved = torch.load(file, weights_only=True)
    assert saved["callbacks"]["TimeBudget"]["steps"] > 2  # so the penalty was due
    assert saved["state_dict"]["augmentation_strength.probability"] > 0


def test_a_time_budget_is_set_in_yaml_and_refused_in_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("budget.yaml").write_text('trainer: {"callbacks+": [{class_path: TimeBudget, init_args: {seconds: -5}}]}')
    assert main(["fit", *adversary(), "-c", "budget.yaml"]) == 1
    error = capsys.readouterr().err
    assert "error: TimeBudget's seconds must be a number > 0, received -5" in error
    assert "Traceback" not in error
