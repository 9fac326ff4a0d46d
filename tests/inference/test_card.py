from pathlib import Path

import huggingface_hub
import pytest
import yaml

from colorgan.errors import ColorganError
from colorgan.inference.card import ModelCard, parse_card
from tests.helpers import REPOSITORY

CARD = ModelCard(
    name="tiny",
    summary="Colorizes photos.",
    license="Apache-2.0",
    data=["sample photos"],
    training="Two steps on two cores.",
    evaluation="On ten held-out photos.",
    metrics={"PSNR, dB": {"this model": 23.456, "gray": 21.5}, "ΔE": {"this model": 9.0}},
    limits=["It guesses."],
)


def test_markdown_has_front_matter_and_a_table_of_metrics() -> None:
    _, front_matter, body = CARD.markdown().split("---\n", 2)
    assert yaml.safe_load(front_matter)["license"] == "apache-2.0"
    on_the_hub = huggingface_hub.ModelCard(CARD.markdown())
    assert on_the_hub.data.to_dict() == {
        "license": "apache-2.0",
        "library_name": "colorgan",
        "pipeline_tag": "image-to-image",
        "tags": ["colorization"],
    }
    assert on_the_hub.text.strip().startswith("# tiny")
    for part in (
        "# tiny",
        "- sample photos",
        "Two steps",
        "| PSNR, dB | 23.456 | 21.5 |",
        "| ΔE | 9 | - |",
        "It guesses.",
    ):
        assert part in body


def test_yaml_round_trip(tmp_path: Path) -> None:
    for text in (yaml.safe_dump(CARD.__dict__), CARD.yaml()):
        (tmp_path / "card.yaml").write_text(text, encoding="utf-8")
        assert ModelCard.read(tmp_path / "card.yaml") == CARD
    assert "sheet" not in CARD.yaml()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name: tiny\ncolor: red\n",
            r"'summary' is missing, .*'color' is unknown; a model card has the keys name,",
        ),
        ("- tiny\n", "is not a model card: it must be a YAML mapping"),
        ("a: [b", "cannot read the model card"),
    ],
)
def test_invalid_yaml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "card.yaml").write_text(text)
    with pytest.raises(ColorganError, match=message):
        ModelCard.read(tmp_path / "card.yaml")


TEXT = r"must be a text \(in quotes, if it contains a colon\), but is"
TEXTS = r"must be a list of texts \(in quotes, if they contain a colon\), but is"
NUMBERS = "must be a mapping from metrics to a mapping from systems to numbers, but is"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("license", 3, rf"card\.yaml: 'license' {TEXT} '3'$"),
        ("summary", None, f"'summary' {TEXT} 'None'$"),
        ("training", ["one step"], f"'training' {TEXT}"),
        ("data", "photos", f"'data' {TEXTS} 'photos'$"),
        ("data", [{"photos1000": "877 photos"}], f"'data' {TEXTS}"),
        ("limits", ["x" * 1000, 3], f"'limits' {TEXTS}"),
        ("metrics", ["PSNR"], f"'metrics' {NUMBERS}"),
        ("metrics", {"PSNR": 23.4}, f"'metrics' {NUMBERS}"),
        ("metrics", {"PSNR": {"this model": "high"}}, f"'metrics' {NUMBERS}"),
        ("metrics", {"PSNR": {"this model": True}}, f"'metrics' {NUMBERS}"),
    ],
)
def test_values_of_the_wrong_type_are_refused(tmp_path: Path, key: str, value: object, message: str) -> None:
    (tmp_path / "card.yaml").write_text(yaml.safe_dump({**CARD.__dict__, key: value}))
    with pytest.raises(ColorganError, match=message) as error:
        ModelCard.read(tmp_path / "card.yaml")
    assert len(str(error.value).removeprefix(str(tmp_path))) < 250


def test_card_of_the_shipped_model_matches_its_yaml() -> None:
    folder = REPOSITORY / "checkpoints" / "colorgan-photos"
    markdown = (folder / "README.md").read_text(encoding="utf-8")
    card = ModelCard.read(folder / "card.yaml")
    assert markdown == card.markdown()
    info = parse_card(markdown, "folder name")
    assert (info.name, info.license, len(info.limits)) == ("colorgan-photos", "Apache-2.0", len(card.limits))
