from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.inference.card import ModelCard
from colorgan.web.server.about import About, about_model

CARD = ModelCard(
    name="colorgan-tiny",
    summary="A small model of landscapes.\nIt is fast.",
    license="Apache-2.0",
    data=["photos"],
    training="One step.",
    evaluation="Ten photos.",
    figures={"PSNR, dB": {"this model": 23.4}},
    limits=["Faces come out pale.", "Cars are\n  always red."],
)


def test_the_card_that_releases_write(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD.markdown(), encoding="utf-8")
    (tmp_path / "config.yaml").touch()
    expected = About(
        name="colorgan-tiny",
        summary="A small model of landscapes. It is fast.",
        limits=["Faces come out pale.", "Cars are always red."],
        license="Apache-2.0",
    )
    assert about_model(tmp_path) == expected
    assert about_model(tmp_path / "model.safetensors") == expected


def test_the_card_inside_an_exported_model_goes_before_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# another", encoding="utf-8")
    (tmp_path / "config.yaml").touch()
    assert about_model(tmp_path / "model.onnx", CARD.markdown()).name == "colorgan-tiny"


def test_models_without_a_card(model_folder: Path, tmp_path: Path) -> None:
    assert about_model(model_folder) == About(model_folder.name)
    (tmp_path / "README.md").write_text("# notes of the run", encoding="utf-8")
    for name in ("best.ckpt", "model.onnx"):
        assert about_model(tmp_path / name) == About(name)  # it is no card of this file


def test_a_card_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ColorganError, match=r"README.md: the model's card cannot be read as text"):
        about_model(tmp_path)
