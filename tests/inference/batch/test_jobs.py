from pathlib import Path

import pytest
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.inference.batch.jobs import plan


def place(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(file)


def planned(*inputs: Path, output: Path, ending: str = ".png") -> dict[str, str]:
    jobs = plan(list(inputs), output, ending)
    return {job.name: str(job.target.relative_to(output)) for job in jobs}


def test_the_tree_of_a_folder_is_mirrored(tmp_path: Path) -> None:
    place(tmp_path / "in", "b.jpg", "a.PNG", "x/y/c.tiff", "x/.hidden.jpg")
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    expected = {"a.PNG": "a.png", "b.jpg": "b.png", "x/y/c.tiff": "x/y/c.png"}
    assert planned(tmp_path / "in", output=tmp_path / "out") == expected


def test_several_inputs_keep_their_names(tmp_path: Path) -> None:
    place(tmp_path, "one/1.jpg", "two/1.jpg", "three.jpg")
    inputs = [tmp_path / name for name in ("one", "two", "three.jpg")]
    expected = {"one/1.jpg": "one/1.jpg", "two/1.jpg": "two/1.jpg", "three.jpg": "three.jpg"}
    assert planned(*inputs, output=tmp_path / "out", ending=".jpg") == expected


def test_names_that_differ_in_their_endings_only_stay_apart(tmp_path: Path) -> None:
    place(tmp_path / "in", "a.jpg", "A.tif", "b.jpg")
    expected = {"a.jpg": "a.jpg.png", "A.tif": "A.tif.png", "b.jpg": "b.png"}
    assert planned(tmp_path / "in", output=tmp_path / "out") == expected


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    place(tmp_path / "in", "f10.png", "f9.png", "f100.png", "10/1.png", "9/1.png")
    names = list(planned(tmp_path / "in", output=tmp_path / "out"))
    assert names == ["9/1.png", "10/1.png", "f9.png", "f10.png", "f100.png"]


def test_what_is_colored_already_is_no_input(tmp_path: Path) -> None:
    place(tmp_path, "a.jpg", "colorized/a.png", "colorized/x/b.png")
    assert planned(tmp_path, output=tmp_path / "colorized") == {"a.jpg": "a.png"}


def test_a_photo_named_twice_is_colored_once(tmp_path: Path) -> None:
    place(tmp_path, "a.jpg")
    assert len(plan([tmp_path / "a.jpg", tmp_path / "a.jpg"], tmp_path / "out")) == 1


def test_a_single_photo_can_become_a_named_file(tmp_path: Path) -> None:
    place(tmp_path, "a.jpg")
    (job,) = plan([tmp_path / "a.jpg"], tmp_path / "new" / "b.JPG")
    assert job.target == tmp_path / "new" / "b.JPG"
    (job,) = plan([tmp_path / "none.jpg"], tmp_path / "out")  # that it is not there is found when it is read
    assert job.target == tmp_path / "out" / "none.png"


@pytest.mark.parametrize(
    ("inputs", "output", "sentence"),
    [
        (["album"], "album", "is the folder of the photos themselves"),
        (["album"], "new.png", "is a folder; give a folder"),
        (["album/a.png"], "album", "would be written over itself"),
        (["album/a.png"], "album/a.png", "would be written over itself"),
        (["album", "none"], "out.txt", "out.txt is a file"),
        (["album/a.png", "other/a.png"], "out", "would both be written to"),
        (["empty"], "out", "contains no photos"),
        (["album/a.png"], "new.webp", "new.webp looks like a file name; give a folder to write to or, for one photo"),
    ],
)
def test_what_cannot_be_planned_is_said(tmp_path: Path, inputs: list[str], output: str, sentence: str) -> None:
    place(tmp_path, "album/a.png", "other/a.png")
    (tmp_path / "out.txt").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorganError, match=sentence):
        plan([tmp_path / name for name in inputs], tmp_path / output)
