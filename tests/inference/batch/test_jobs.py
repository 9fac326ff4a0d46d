from pathlib import Path

import pytest
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.inference.batch.jobs import plan_jobs


def write_photos(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(file)


def planned_files(*inputs: Path, output: Path, suffix: str | None = ".png") -> dict[str, str]:
    jobs = plan_jobs(list(inputs), output, suffix).jobs
    return {job.name: str(job.target.relative_to(output)) for job in jobs}


def test_folder_tree_is_mirrored(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "b.jpg", "a.PNG", "x/y/c.tiff", "x/.hidden.jpg")
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    expected = {"a.PNG": "a.png", "b.jpg": "b.png", "x/y/c.tiff": "x/y/c.png"}
    assert planned_files(tmp_path / "in", output=tmp_path / "out") == expected


def test_several_inputs_get_subfolders(tmp_path: Path) -> None:
    write_photos(tmp_path, "one/1.jpg", "two/1.jpg", "three.jpg")
    inputs = [tmp_path / name for name in ("one", "two", "three.jpg")]
    expected = {"one/1.jpg": "one/1.jpg", "two/1.jpg": "two/1.jpg", "three.jpg": "three.jpg"}
    assert planned_files(*inputs, output=tmp_path / "out", suffix=".jpg") == expected


def test_photos_keep_their_format_if_it_can_be_written(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "a.JPG", "b.webp", "c.tif", "c.png", "d.gif", "e.avif", "f.jfif")
    expected = {
        "a.JPG": "a.JPG",
        "b.webp": "b.webp",
        "c.png": "c.png",
        "c.tif": "c.tif.png",
        "d.gif": "d.png",
        "e.avif": "e.jpg",
        "f.jfif": "f.jpg",
    }
    assert planned_files(tmp_path / "in", output=tmp_path / "out", suffix=None) == expected


def test_missing_photos_are_named_with_similar_ones(tmp_path: Path) -> None:
    write_photos(tmp_path, "grandma.jpg", "b.jpg")
    plan = plan_jobs([tmp_path / "gradma.jpg", tmp_path / "b.jpg"], tmp_path / "out")
    assert [job.name for job in plan.jobs] == ["b.jpg"]
    assert plan.failures == [f"there is no photo or folder {tmp_path / 'gradma.jpg'}; did you mean 'grandma.jpg'?"]


def test_films_are_planned_by_name_only(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "a.jpg")
    for name in ("b.mp4", "c.avi"):
        (tmp_path / "in" / name).touch()
    plan = plan_jobs([tmp_path / "in"], tmp_path / "out")
    assert (len(plan.jobs), plan.films) == (1, [])
    assert [Path(image.path).name for image in plan.unsupported] == ["b.mp4", "c.avi"]
    plan = plan_jobs([tmp_path / "in" / "b.mp4", tmp_path / "in" / "c.avi"], tmp_path / "out")
    assert [job.target.name for job in plan.films] == ["b.mp4", "c.mkv"]
    assert plan.jobs == []
    assert plan_jobs([tmp_path / "in" / "b.mp4"], tmp_path / "new.mov").films[0].target == tmp_path / "new.mov"


def test_names_that_differ_only_in_suffix_keep_it(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "a.jpg", "A.tif", "b.jpg")
    expected = {"a.jpg": "a.jpg.png", "A.tif": "A.tif.png", "b.jpg": "b.png"}
    assert planned_files(tmp_path / "in", output=tmp_path / "out") == expected


def test_frames_are_in_natural_order(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "f10.png", "f9.png", "f100.png", "10/1.png", "9/1.png")
    names = list(planned_files(tmp_path / "in", output=tmp_path / "out"))
    assert names == ["9/1.png", "10/1.png", "f9.png", "f10.png", "f100.png"]


def test_files_in_the_output_folder_are_not_inputs(tmp_path: Path) -> None:
    write_photos(tmp_path, "a.jpg", "colorized/a.png", "colorized/x/b.png")
    assert planned_files(tmp_path, output=tmp_path / "colorized") == {"a.jpg": "a.png"}


def test_duplicate_inputs_are_planned_once(tmp_path: Path) -> None:
    write_photos(tmp_path, "a.jpg")
    assert len(plan_jobs([tmp_path / "a.jpg", tmp_path / "a.jpg"], tmp_path / "out").jobs) == 1


def test_single_photo_can_have_a_file_name_as_output(tmp_path: Path) -> None:
    write_photos(tmp_path, "a.jpg")
    (job,) = plan_jobs([tmp_path / "a.jpg"], tmp_path / "new" / "b.JPG").jobs
    assert job.target == tmp_path / "new" / "b.JPG"


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        (["album"], "album", "is the folder of the photos; choose another --output"),
        (["album"], "new.png", "is a folder; give a folder as --output"),
        (["album/a.png"], "album", "would be overwritten by its own result"),
        (["album/a.png"], "album/a.png", "would be overwritten by its own result"),
        (["album", "none"], "out.txt", "out.txt is a file"),
        (["empty"], "out", "contains no photos"),
        (["album/a.png"], "new.tif", "new.tif looks like a file name; give a folder to write to or, for one photo"),
        (["album/a.png"], "new.mp4", "a.png is a photo; give a folder as --output, or a file name ending in .png"),
        (["film.mp4"], "new.png", "film.mp4 is a film; give a folder as --output, or a file name ending in .mp4"),
        (["album/b.png"], "out", "there is no photo or folder .*b.png; give the path of a photo"),
    ],
)
def test_invalid_paths_are_refused(tmp_path: Path, inputs: list[str], output: str, message: str) -> None:
    write_photos(tmp_path, "album/a.png", "other/a.png")
    (tmp_path / "out.txt").write_text("")
    (tmp_path / "film.mp4").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorganError, match=message):
        plan_jobs([tmp_path / name for name in inputs], tmp_path / output)


def test_photos_without_a_file_of_their_own_are_named_and_the_others_planned(tmp_path: Path) -> None:
    write_photos(tmp_path, "album/a.png", "other/a.png", "other/b.png")
    plan = plan_jobs([tmp_path / name for name in ("album/a.png", "other/a.png", "other/b.png")], tmp_path / "out")
    assert [job.name for job in plan.jobs] == ["a.png", "b.png"]
    (failure,) = plan.failures
    assert "album/a.png and " in failure
    assert "would both be written to" in failure


@pytest.mark.timeout(20)
def test_folders_that_cannot_be_opened_and_other_formats_are_named(tmp_path: Path) -> None:
    write_photos(tmp_path / "in", "a.jpg", "A.jpg", "b.jpg")
    (tmp_path / "in" / "loop").symlink_to("loop")
    (tmp_path / "in" / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "in" / "c.JXL").touch()
    plan = plan_jobs([tmp_path / "in"], tmp_path / "out")
    assert len({str(job.target).casefold() for job in plan.jobs}) == 4
    assert [job.name for job in plan.jobs] == ["A.jpg", "a.jpg", "b.jpg", "loop.jpg"]
    assert len(plan.failures) == 1
    assert "in/loop: the folder or link cannot be opened (too many levels" in plan.failures[0]
    assert [(Path(error.path).name, error.problem) for error in plan.unsupported] == [
        ("c.JXL", "the format .jxl is not supported")
    ]
