import pytest
import torch
from PIL import Image

from colorgan.color.difference import colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import CheckpointError, ColorganError
from colorgan.evaluation.report.photos import Framing, ReferencePhotos
from colorgan.evaluation.report.systems import PictureFolder, ReferenceSystem, UniformColor, mean_color, open_systems
from colorgan.models.color_spaces import Lab
from tests.helpers import photos, recolored, write


def first_batch(reference):
    return next(iter(reference.batches(16)))


def test_pictures_are_matched_by_name_whatever_their_ending_and_order(reference_folder, tmp_path):
    reference = ReferencePhotos(reference_folder)
    images = recolored(photos(8, seed=4, size=32), 40)
    folder = tmp_path / "flat"
    folder.mkdir()
    for index in reversed(range(8)):  # flat, lossless, another format
        array = images[index].permute(1, 2, 0).numpy()
        Image.fromarray(array).save(folder / f"{index:04d}.webp", lossless=True)
    system = PictureFolder("theirs", folder, reference)
    assert torch.equal(system.pictures(*first_batch(reference)), images)
    assert torch.equal(system.pictures([5], [reference.load(5)]), images[5:6])


def test_missing_and_extra_pictures_are_named(reference_folder, picture_folder):
    reference = ReferencePhotos(reference_folder)
    (picture_folder / "roses" / "0003.png").rename(picture_folder / "roses" / "0033.png")
    with pytest.raises(ColorganError) as error:
        PictureFolder("theirs", picture_folder, reference)
    assert "no picture for roses/0003.png" in str(error.value)
    assert "pictures without a photo: roses/0033.png" in str(error.value)
    for file in (picture_folder / "roses").iterdir():
        if file.name != "0001.png":
            file.unlink()
    with pytest.raises(ColorganError, match=r"roses/0000\.png, .*roses/0005\.png and 2 more; names must be"):
        PictureFolder("theirs", picture_folder, reference)


def test_pictures_of_one_name_cannot_be_told_apart(reference_folder, picture_folder, tmp_path):
    picture = picture_folder / "roses" / "0003.png"
    Image.open(picture).save(picture.with_suffix(".jpg"))
    with pytest.raises(ColorganError, match=r"have the same name, .*0003\.jpg and .*0003\.png"):
        PictureFolder("theirs", picture_folder, ReferencePhotos(reference_folder))
    for kind in ("roses", "lilies"):
        write(photos(2, seed=0), tmp_path / "two" / kind)
    flat = write(photos(2, seed=0), tmp_path / "flat")
    with pytest.raises(ColorganError, match="two photos of the reference have the same name"):
        PictureFolder("theirs", flat, ReferencePhotos(tmp_path / "two"))


def test_pictures_have_the_size_of_their_photo_or_that_of_the_measurement(reference_folder, picture_folder):
    small = ReferencePhotos(reference_folder, Framing(16))
    full = PictureFolder("full", picture_folder, small)
    shrunk = full.pictures(*first_batch(small))
    assert shrunk.shape == (8, 3, 16, 16)
    for index in range(8):
        Image.fromarray(shrunk[index].permute(1, 2, 0).numpy()).save(picture_folder / "roses" / f"{index:04d}.png")
    assert torch.equal(PictureFolder("small", picture_folder, small).pictures(*first_batch(small)), shrunk)
    for side, sentence in ((32, "32 x 32; save pictures"), (24, "32 x 32, measured at 24 x 24; save pictures")):
        reference = ReferencePhotos(reference_folder, Framing(side))
        system, batch = PictureFolder("small", picture_folder, reference), first_batch(reference)
        with pytest.raises(ColorganError, match=rf"0000\.png is 16 x 16 pixels, but its photo is {sentence}"):
            system.pictures(*batch)


def test_anchors(reference_folder):
    reference = ReferencePhotos(reference_folder)
    indices, batch = first_batch(reference)
    true = torch.stack([photo.rgb for photo in batch])
    assert torch.equal(ReferenceSystem().pictures(indices, batch), true)
    gray = UniformColor("gray").pictures(indices, batch)
    assert colorfulness(gray).max() < 0.2
    torch.testing.assert_close(to_lab(gray)[:, 0], to_lab(true)[:, 0], atol=0.5, rtol=0)
    anchor = mean_color(reference_folder / "train")
    expected = to_lab(photos(6, seed=2, size=32))[:, 1:].mean(dim=(0, 2, 3))
    torch.testing.assert_close(torch.tensor([anchor.a, anchor.b], dtype=torch.float64), expected, atol=0.7, rtol=0)
    assert anchor.detail["photos"] == 6
    middle = to_lab(anchor.pictures(indices, batch))[:, :, :, :]
    inside = (middle[:, 0] > 20) & (middle[:, 0] < 80)  # elsewhere such a color may not exist
    assert (middle[:, 1] - anchor.a).abs()[inside].median() < 1.0


@pytest.fixture
def checkpoint(tmp_path):
    """A small untrained model in the folder of a run."""
    from functools import partial

    from lightning.pytorch import Trainer

    from colorgan.models.generators import UNet
    from colorgan.training.gan import ColorGAN

    torch.manual_seed(0)
    model = ColorGAN(generator=partial(UNet, width=4), discriminator=None, color_space=Lab())
    trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", max_epochs=1)
    trainer.strategy.connect(model)
    path = tmp_path / "checkpoints" / "tiny" / "20260102-030405" / "checkpoints" / "best.ckpt"
    path.parent.mkdir(parents=True)
    trainer.save_checkpoint(path)
    return path


def test_checkpoints_and_run_folders_are_opened(checkpoint, reference_folder):
    reference = ReferencePhotos(reference_folder)
    by_file, by_run, named = open_systems(
        [str(checkpoint), str(checkpoint.parent.parent), f"ours={checkpoint}"], reference, "cpu"
    )
    assert [system.name for system in (by_file, by_run, named)] == [
        "tiny/20260102-030405",
        "tiny/20260102-030405 (2)",
        "ours",
    ]
    assert by_file.run_folder == checkpoint.parent.parent
    assert by_file.detail["generator"] == "UNet"
    indices, batch = first_batch(reference)
    made = by_file.pictures(indices, batch)
    assert made.shape == (8, 3, 32, 32)
    assert made.dtype == torch.uint8
    assert torch.equal(made, named.pictures(indices, batch))
    torch.testing.assert_close(
        to_lab(made)[:, 0].mean(), to_lab(torch.stack([p.rgb for p in batch]))[:, 0].mean(), atol=2, rtol=0
    )


def test_released_models_are_opened(checkpoint, reference_folder, tmp_path):
    from colorgan.inference.colorizer import Colorizer

    Colorizer.from_checkpoint(checkpoint).save_pretrained(tmp_path / "old-photos", half=False)
    reference = ReferencePhotos(reference_folder)
    trained, released = open_systems([str(checkpoint), str(tmp_path / "old-photos")], reference, "cpu")
    assert released.name == "old-photos"
    assert torch.equal(*(system.pictures(*first_batch(reference)) for system in (trained, released)))


def test_checkpoints_see_no_colors(checkpoint, reference_folder):
    (system,) = open_systems([str(checkpoint)], ReferencePhotos(reference_folder), "cpu")
    reference = ReferencePhotos(reference_folder)
    indices, batch = first_batch(reference)
    gray = UniformColor("gray").pictures(indices, batch)
    from colorgan.evaluation.report.photos import Framed

    of_gray = system.pictures(indices, [Framed(photo, (32, 32)) for photo in gray])
    torch.testing.assert_close(of_gray.float(), system.pictures(indices, batch).float(), atol=6, rtol=0)


def test_bad_systems_are_refused_in_one_sentence(reference_folder, picture_folder, tmp_path):
    reference = ReferencePhotos(reference_folder)
    with pytest.raises(ColorganError, match="no checkpoint and no folder of pictures .*missing"):
        open_systems([str(tmp_path / "missing")], reference, "cpu")
    with pytest.raises(ColorganError, match="cannot both be called 'a'"):
        open_systems([f"a={picture_folder}", f"a={picture_folder}"], reference, "cpu")
    with pytest.raises(ColorganError, match="cannot both be called 'reference'"):
        open_systems([f"reference={picture_folder}"], reference, "cpu")
    other = tmp_path / "other.ckpt"
    torch.save({"weights": torch.zeros(2)}, other)
    with pytest.raises(CheckpointError, match="is not a colorgan checkpoint"):
        open_systems([str(other)], reference, "cpu")
    other.write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError):
        open_systems([str(other)], reference, "cpu")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorganError, match="contains no photos"):
        open_systems([str(tmp_path / "empty")], reference, "cpu")
