"""What is published: the wheel, installed and used outside of the clone."""

import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import colorgan

ROOT = Path(__file__).parent.parent
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "requirements-light.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive, so that the archive is complete, too."""
    pytest.importorskip("build", reason="the tool that builds wheels is not installed: pip install 'colorgan[test]'")
    # of a copy: a build leaves files in the clone, and takes along what an earlier build has left
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    for folder in ("colorgan", "checkpoints/colorgan-photos"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


def test_index_would_accept_the_archives(wheel: Path) -> None:
    pytest.importorskip("twine", reason="the tool that checks archives is not installed: pip install twine")
    archives = sorted(wheel.parent.iterdir())
    assert [path.name for path in archives] == [
        f"colorgan-{colorgan.__version__}-py3-none-any.whl",
        f"colorgan-{colorgan.__version__}.tar.gz",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *archives], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment with the wheel, and with the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    # after the wheel, or pip would find another colorgan there; a plain path leaves out the .pth of an editable one
    Path(packages.strip(), "dependencies.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    )
    return scripts


def outside() -> dict[str, str]:
    """This environment without what leads to the clone."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=outside(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_has_all_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "colorgan").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]
    assert any(name.startswith("colorgan/web/page/") for name in data)
    assert any(name.startswith("colorgan/evaluation/templates/") for name in data)
    assert any(name.startswith("colorgan/images/sample_photos/train/") for name in data)
    files = ("config.yaml", "model.onnx", "model.safetensors", "README.md")
    model = [f"colorgan/checkpoints/colorgan-photos/{name}" for name in files]
    assert {*data, *model} - names == set()


def test_the_wheel_has_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if not name.startswith(("colorgan/", "colorgan-"))] == []


def test_a_photo_is_colorized_outside_of_the_clone(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import colorgan; print(colorgan.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    Image.linear_gradient("L").resize((60, 40)).save(tmp_path / "old.png")
    assert run(installed / "colorgan", "--version", cwd=tmp_path) == f"colorgan {colorgan.__version__}\n"
    run(installed / "colorgan", "colorize", "old.png", "-o", "new.png", cwd=tmp_path)
    with Image.open(tmp_path / "new.png") as result:
        assert (result.size, result.mode) == ((60, 40), "RGB")


def test_the_app_serves_its_page_outside_of_the_clone(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the app is not installed: pip install 'colorgan[app]'")
    command = [installed / "colorgan", "app", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, cwd=tmp_path, env=outside(), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
            with urllib.request.urlopen(url) as page:
                assert "<title>colorgan" in page.read().decode()
        finally:
            server.terminate()


def test_the_quickstart_finds_its_sample_photos(installed: Path, tmp_path: Path) -> None:
    code = "from colorgan.images import SAMPLE_PHOTOS, list_photos; print(len(list_photos(SAMPLE_PHOTOS)))"
    assert run(installed / "python", "-c", code, cwd=tmp_path) == "208\n"
