"""What people do wrong the first time ends in one sentence that says what to do."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from colorgan.cli import main
from tests.helpers import Painter, picture

NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a photo and things that are none."""
    monkeypatch.chdir(tmp_path)
    picture(0).save("old.jpg")
    Path("album").mkdir()
    Path("letter.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n")
    Path("letter.docx").write_bytes(b"PK\x03\x04" + bytes(60))
    Path("page.jpg").write_text("<!DOCTYPE html><html></html>")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["colorize", "odl.jpg"], 1, "there is no photo or folder odl.jpg; did you mean 'old.jpg'?"),
        (["colorize", "letter.pdf"], 1, "cannot read letter.pdf: it is a PDF; save its pages as PNG or JPEG files"),
        (["colorize", "letter.docx"], 1, "cannot read letter.docx: it is an archive or an office document; take the "),
        (["colorize", "page.jpg"], 1, "cannot read page.jpg: it is a web page; save the picture itself"),
        (["colorize", "album"], 1, "the folder album contains no photos ("),
        (["colorize", "old.jpg", "--hints", "album"], 1, "album: the hint file cannot be read (it is a folder)"),
        (["colorize", "old.jpg", "--hints", "old.jpg"], 1, "old.jpg: the file is not valid JSON for hints"),
        (["colorize", "old.jpg", "-o", "old.jpg"], 1, "old.jpg would be overwritten by its own result; choose another"),
        (["colorize", "old.jpg", "-o", "new.tif"], 1, "new.tif looks like a file name; give a folder to write to or, "),
        (["colorize", "https://a.org/b//c.jpg"], 2, "argument PHOTO|FOLDER|FILM: https://a.org/b//c.jpg is a URL; "),
        (
            ["colorize", "old.jpg", "--checkpoint", "https://a.org//b.ckpt"],
            2,
            "https://a.org//b.ckpt is a URL; download",
        ),
        (["colorize", "old.jpg", "--strenght", "1"], 2, "there is no option '--strenght'; did you mean '--strength'?"),
        (["colorize"], 2, "the following arguments are required: photos"),
        (["colorise", "old.jpg"], 2, "there is no command 'colorise'; did you mean 'colorize'? (`colorgan --help`"),
        (["old.jpg"], 2, "there is no command 'old.jpg'; did you mean `colorgan colorize old.jpg`?"),
    ],
)
def test_mistakes_end_in_one_sentence(
    place: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        received = main(arguments)
    except SystemExit as stop:
        received = int(str(stop.code))
    captured = capsys.readouterr()
    assert message in captured.err
    assert (received, captured.err.count("\n"), captured.out) == (code, 1, "")
    assert captured.err.startswith("error: ")


def test_a_result_that_exists_is_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorize", "old.jpg"]) == 0
    assert capsys.readouterr().out == "colorized 1 photo\ncolorized/old.jpg\n"
    before = Path("colorized/old.jpg").stat().st_mtime_ns
    assert main(["colorize", "old.jpg"]) == 0
    message = "colorized nothing: the result exists already (--overwrite replaces it)"
    assert capsys.readouterr().out == f"{message}\ncolorized/old.jpg\n"
    assert Path("colorized/old.jpg").stat().st_mtime_ns == before


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user can open, with things that only its owner can."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    picture(0).save(folder / "mine.jpg")
    picture(0).save(folder / "ours.jpg")
    (folder / "closed").mkdir()
    picture(0).save(folder / "closed" / "a.jpg")
    for path, mode in (("mine.jpg", 0o000), ("ours.jpg", 0o644), ("closed", 0o000)):
        (folder / path).chmod(mode)
    yield folder
    (folder / "closed").chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def another_user(shared: Path, painter: Painter, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The rights of a user who owns nothing; without those of the administrator, these are our own."""
    monkeypatch.setattr("colorgan.inference.open_models", lambda *_: painter)
    monkeypatch.chdir(shared)
    assert main(["colorize", "ours.jpg"]) == 0  # imports everything, which that user may not be able to read
    shutil.rmtree("colorized")
    is_root = os.geteuid() == 0
    shared.chmod(0o755 if is_root else 0o555)
    if is_root:
        os.seteuid(NOBODY)
    yield
    if is_root:
        os.seteuid(0)
    shared.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs the users of Unix")
@pytest.mark.usefixtures("another_user")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.jpg", "cannot read mine.jpg: permission denied"),
        ("closed", "cannot open the folder closed: Permission denied"),
        ("closed/a.jpg", "cannot read closed/a.jpg: permission denied"),
        ("ours.jpg", "cannot write colorized/ours.jpg: permission denied"),
    ],
)
def test_no_permission_ends_in_one_sentence(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["colorize", name]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"error: {message}\n")
