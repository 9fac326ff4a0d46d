"""Continuous integration on a public host: the workflows name Python versions and commands that exist here."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


MAY_WRITE = {
    ("docs.yml", "deploy"): {"id-token": "write", "pages": "write"},
    ("release.yml", "release"): {"contents": "write"},
    ("release.yml", "index"): {"id-token": "write"},
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_only_read_and_end(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job.get("permissions") == MAY_WRITE.get((path.name, name))
        assert job.get("timeout-minutes") or job["uses"].startswith("./.github/workflows/")


@pytest.mark.parametrize(("name", "job"), MAY_WRITE)
def test_jobs_that_write_run_none_of_the_project(name: str, job: str) -> None:
    """What they publish was built by a job that may only read."""
    found = read(ROOT / ".github" / "workflows" / name)["jobs"][job]
    assert found["needs"] == "build"
    assert not any("checkout" in step.get("uses", "") for step in found["steps"])


def test_a_release_is_built_after_all_tests_and_not_uploaded_to_an_index_yet() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["build"]["needs"] == "tests"
    assert "workflow_call" in read(ROOT / jobs["tests"]["uses"])[True]  # YAML 1.1 reads the key `on` as true
    assert jobs["index"]["if"] == "vars.UPLOAD_TO_INDEX == 'true'"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_those_of_the_host_at_a_fixed_version(path: Path) -> None:
    actions = [step["uses"] for step in steps(read(path)) if "uses" in step]
    assert actions
    assert [action for action in actions if not re.fullmatch(r"actions/[\w-]+@v\d+", action)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    commands = "\n".join(step["run"] for step in steps(read(path)) if "run" in step)
    targets = {name for line in re.findall(r"\bmake (.+)", commands) for name in line.split()}
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    extras = {name for names in re.findall(r"\.\[([\w,]+)\]", commands) for name in names.split(",")}
    assert extras <= set(project()["optional-dependencies"])
    assert all((ROOT / name).exists() for name in re.findall(r"\b(?:tests|docs)/\S+\.\w+", commands))


def test_the_oldest_and_the_newest_python_are_tested() -> None:
    versions = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    declared = [
        name.removeprefix("Programming Language :: Python :: ")
        for name in project()["classifiers"]
        if re.search(r"Python :: 3\.\d+$", name)
    ]
    assert project()["requires-python"] == f">={versions[0]}"
    assert (versions[0], versions[-1]) == (declared[0], declared[-1])
