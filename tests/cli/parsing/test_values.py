"""Values of options and configurations."""

from pathlib import Path

import pytest

from colorgan.cli.parsing.values import check_limits, load, read_configuration
from colorgan.errors import ColorganError
from colorgan.files.yaml import YAMLError

LAUGHS = "{" + ", ".join(
    [f"a0: &a0 [{'x, ' * 9}x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))]
) + "}"  # fmt: skip


def test_texts_that_look_like_mappings_stay_texts() -> None:
    assert load("{name}") == "{name}"
    assert load("name:") == "name:"
    assert load("{a: 1, b: null}") == {"a": 1, "b": None}


@pytest.mark.parametrize("value", [LAUGHS, "[" * 5000, {"size": [LAUGHS]}, "a\0b"])
def test_values_without_limits_are_refused(value: object) -> None:
    with pytest.raises(YAMLError, match="data"):
        check_limits(value, "data")


def test_long_texts_are_values() -> None:
    check_limits({"root": "/photos/" + "x" * 500, "pattern": "runs/*/&{[(" * 20, "none": None}, "data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--config needs the name of a YAML file"),
        ("absent.yaml", "there is no configuration file absent.yaml"),
        ("{data: {size: 1, size: 2}}", "--config, line 1: 'size' is given twice"),
        ("{3: 4}", "there is no key 3"),
        ("x" * 300, "cannot read the configuration x+: File name too long"),
    ],
)
def test_what_is_no_configuration_is_reported(text: str, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        read_configuration(text)


@pytest.mark.parametrize(
    ("content", "kind"), [("[1]", "holds a list"), ("# nothing", "is empty"), ("x", "holds a text")]
)
def test_file_without_keys_is_reported(content: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(ColorganError, match=rf"bad\.yaml is not a configuration: it {kind}"):
        read_configuration(str(tmp_path / "bad.yaml"))
