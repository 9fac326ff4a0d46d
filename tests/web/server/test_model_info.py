from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.inference.card import ModelCard, ModelInfo
from colorgan.web.server.model_info import load_model_info

CARD = ModelCard(
    name="colorgan-tiny",
    summary="A small model of landscapes.\nIt is fast.",
    license="Apache-2.0",
    data=["photos"],
    training="One step.",
    evaluation="Ten photos.",
    metrics={"PSNR, dB": {"this model": 23.4}},
    limits=["Faces come out pale.", "Cars are\n  always red."],
)


def test_card_of_a_released_model_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD.markdown(), encoding="utf-8")
    (tmp_path / "config.yaml").touch()
    expected = ModelInfo(
        name="colorgan-tiny",
        summary="A small model of landscapes. It is fast.",
        limits=["Faces come out pale.", "Cars are always red."],
        license="Apache-2.0",
    )
    assert load_model_info(tmp_path) == expected
    assert load_model_info(tmp_path / "model.safetensors") == expected


def test_embedded_card_takes_precedence_over_readme(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# another", encoding="utf-8")
    (tmp_path / "config.yaml").touch()
    assert load_model_info(tmp_path / "model.onnx", CARD.markdown()).name == "colorgan-tiny"


def test_model_without_card_has_only_a_name(model_folder: Path, tmp_path: Path) -> None:
    assert load_model_info(model_folder) == ModelInfo(model_folder.name)
    (tmp_path / "README.md").write_text("# notes of the run", encoding="utf-8")
    for name in ("best.ckpt", "model.onnx"):
        assert load_model_info(tmp_path / name) == ModelInfo(name)  # a README.md next to it is not its card


def test_binary_card_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ColorganError, match=r"README\.md: cannot read the model card as UTF-8 text"):
        load_model_info(tmp_path)
