"""What the code host reads: citation, forms and workflows follow their schemas, and a tag finds its release notes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import colorgan
from tests.helpers import REPOSITORY
from tools import release_notes

GITHUB = REPOSITORY / ".github"
FORMS = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]
SCHEMAS = {
    "citation-file-format": [REPOSITORY / "CITATION.cff"],
    "github-issue-forms": FORMS,
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "github-workflows": sorted((GITHUB / "workflows").glob("*.yml")),
    "dependabot": [GITHUB / "dependabot.yml"],
}


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", "--no-cache", *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_their_schema(schema: str) -> None:
    pytest.importorskip("check_jsonschema", reason="the schemas are not installed: pip install check-jsonschema")
    done = check(schema, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout


def test_schema_finds_a_missing_author(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="the schemas are not installed: pip install check-jsonschema")
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    del citation["authors"]
    (tmp_path / "CITATION.cff").write_text(yaml.safe_dump(citation))
    done = check("citation-file-format", tmp_path / "CITATION.cff")
    assert done.returncode == 1
    assert "authors" in done.stdout


def test_citation_agrees_with_the_package() -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == "Apache-2.0"
    assert "version" not in citation  # colorgan/__init__.py has it


def test_forms_ask_for_what_a_report_needs() -> None:
    forms = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FORMS}
    required = [
        item["id"] for item in forms["bug"]["body"] if item.get("validations", {}).get("required", False) is True
    ]
    assert required == ["command", "outcome", "expected", "version", "system"]


CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2027-01-02\n\n### Added\n- **Films**.\n\n## 0.1.0\n\n- All.\n"


def test_release_notes_are_the_section_of_the_version() -> None:
    assert release_notes.notes(CHANGELOG, "0.2.0") == "### Added\n- **Films**."
    assert release_notes.notes(CHANGELOG, "0.1.0") == "- All."


@pytest.mark.parametrize(("version", "message"), [("0.2", "has no section"), ("Unreleased", "has nothing below")])
def test_release_notes_must_be_there(version: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        release_notes.notes(CHANGELOG, version)


def test_tag_must_be_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=f"the tag is v9, but colorgan/__init__.py says {colorgan.__version__}"):
        release_notes.main(["v9"])


def test_notes_of_the_tag_are_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"## {colorgan.__version__}\n\n- Films.\n")
    monkeypatch.setattr(release_notes, "CHANGELOG", tmp_path / "CHANGELOG.md")
    assert release_notes.main([f"v{colorgan.__version__}"]) == 0
    assert capsys.readouterr().out == "- Films.\n"
