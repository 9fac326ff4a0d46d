import pytest
import torch
from PIL import Image

from colorgan.color.difference import colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import CheckpointError, ColorganError
from colorgan.evaluation.report.photos import Photo, ReferencePhotos, Resize
from colorgan.evaluation.report.systems import (
    ConstantColorSystem,
    ImageFolderSystem,
    ReferenceSystem,
    mean_color,
    open_systems,
)
from colorgan.inference.run_folder import RunFolder
from colorgan.models.color_spaces import Lab
from tests.helpers import photos, recolored, write


def first_batch(reference):
    return next(iter(reference.batches(16)))


def test_images_are_matched_by_name_without_extension(reference_folder, tmp_path):
    reference = ReferencePhotos(reference_folder)
    images = recolored(photos(8, seed=4, size=32), 40)
    folder = tmp_path / "flat"
    folder.mkdir()
    for index in reversed(range(8)):  # without subfolder, in a lossless format
        array = images[index].permute(1, 2, 0).numpy()
        Image.fromarray(array).save(folder / f"{index:04d}.webp", lossless=True)
    system = ImageFolderSystem("theirs", folder, reference)
    assert torch.equal(system.images(*first_batch(reference)), images)
    assert torch.equal(system.images([5], [reference.load(5)]), images[5:6])


def test_missing_and_extra_images_are_named(reference_folder, image_folder):
    reference = ReferencePhotos(reference_folder)
    (image_folder / "roses" / "0003.png").rename(image_folder / "roses" / "0033.png")
    with pytest.raises(ColorganError) as error:
        ImageFolderSystem("theirs", image_folder, reference)
    assert "no image for roses/0003.png" in str(error.value)
    assert "images without a photo: roses/0033.png" in str(error.value)
    for file in (image_folder / "roses").iterdir():
        if file.name != "0001.png":
            file.unlink()
    with pytest.raises(ColorganError, match=r"roses/0000\.png, .*roses/0005\.png and 2 more; the names"):
        ImageFolderSystem("theirs", image_folder, reference)


def test_ambiguous_names_are_rejected(reference_folder, image_folder, tmp_path):
    image = image_folder / "roses" / "0003.png"
    Image.open(image).save(image.with_suffix(".jpg"))
    with pytest.raises(ColorganError, match=r"have the same name, .*0003\.jpg and .*0003\.png"):
        ImageFolderSystem("theirs", image_folder, ReferencePhotos(reference_folder))
    for kind in ("roses", "lilies"):
        write(photos(2, seed=0), tmp_path / "two" / kind)
    flat = write(photos(2, seed=0), tmp_path / "flat")
    with pytest.raises(ColorganError, match="two reference photos have the same name"):
        ImageFolderSystem("theirs", flat, ReferencePhotos(tmp_path / "two"))


def test_images_must_have_original_or_measured_size(reference_folder, image_folder):
    small = ReferencePhotos(reference_folder, Resize(16))
    full = ImageFolderSystem("full", image_folder, small)
    shrunk = full.images(*first_batch(small))
    assert shrunk.shape == (8, 3, 16, 16)
    for index in range(8):
        Image.fromarray(shrunk[index].permute(1, 2, 0).numpy()).save(image_folder / "roses" / f"{index:04d}.png")
    assert torch.equal(ImageFolderSystem("small", image_folder, small).images(*first_batch(small)), shrunk)
    for size, message in ((32, "32 x 32; save images"), (24, "32 x 32, measured at 24 x 24; save images")):
        reference = ReferencePhotos(reference_folder, Resize(size))
        system, batch = ImageFolderSystem("small", image_folder, reference), first_batch(reference)
        with pytest.raises(ColorganError, match=rf"0000\.png is 16 x 16 pixels, but its photo is {message}"):
            system.images(*batch)


def test_baselines(reference_folder):
    reference = ReferencePhotos(reference_folder)
    indices, batch = first_batch(reference)
    expected_rgb = torch.stack([photo.rgb for photo in batch])
    assert torch.equal(ReferenceSystem().images(indices, batch), expected_rgb)
    gray = ConstantColorSystem("gray").images(indices, batch)
    assert colorfulness(gray).max() < 0.2
    torch.testing.assert_close(to_lab(gray)[:, 0], to_lab(expected_rgb)[:, 0], atol=0.5, rtol=0)
    baseline = mean_color(reference_folder / "train")
    expected = to_lab(photos(6, seed=2, size=32))[:, 1:].mean(dim=(0, 2, 3))
    torch.testing.assert_close(torch.tensor([baseline.a, baseline.b], dtype=torch.float64), expected, atol=0.7, rtol=0)
    assert baseline.detail["photos"] == 6
    middle = to_lab(baseline.images(indices, batch))[:, :, :, :]
    inside = (middle[:, 0] > 20) & (middle[:, 0] < 80)  # elsewhere the color may be out of gamut
    assert (middle[:, 1] - baseline.a).abs()[inside].median() < 1.0


@pytest.fixture
def checkpoint(tmp_path):
    """A small untrained model in a run folder."""
    from functools import partial

    from lightning.pytorch import Trainer

    from colorgan.models.generators import UNet
    from colorgan.training.gan import ColorGAN

    torch.manual_seed(0)
    model = ColorGAN(generator=partial(UNet, width=4), discriminator=None, color_space=Lab())
    trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", max_epochs=1)
    model.trainer = trainer
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
    assert by_file.run_folder == RunFolder(checkpoint.parent.parent)
    assert by_file.detail["generator"] == "UNet"
    assert by_file.detail["trained_in"] == "32-true"
    assert by_file.detail["taught_by"] == []
    indices, batch = first_batch(reference)
    images = by_file.images(indices, batch)
    assert images.shape == (8, 3, 32, 32)
    assert images.dtype == torch.uint8
    assert torch.equal(images, named.images(indices, batch))
    torch.testing.assert_close(
        to_lab(images)[:, 0].mean(), to_lab(torch.stack([p.rgb for p in batch]))[:, 0].mean(), atol=2, rtol=0
    )


def test_released_models_are_opened(checkpoint, reference_folder, tmp_path):
    from colorgan.inference.torch_colorizer import TorchColorizer

    TorchColorizer.from_checkpoint(checkpoint).save_pretrained(tmp_path / "old-photos", half=False)
    reference = ReferencePhotos(reference_folder)
    trained, released = open_systems([str(checkpoint), str(tmp_path / "old-photos")], reference, "cpu")
    assert released.name == "old-photos"
    assert torch.equal(*(system.images(*first_batch(reference)) for system in (trained, released)))


def test_checkpoints_do_not_see_colors(checkpoint, reference_folder):
    (system,) = open_systems([str(checkpoint)], ReferencePhotos(reference_folder), "cpu")
    reference = ReferencePhotos(reference_folder)
    indices, batch = first_batch(reference)
    gray = ConstantColorSystem("gray").images(indices, batch)
    from_gray = system.images(indices, [Photo(photo, (32, 32)) for photo in gray])
    torch.testing.assert_close(from_gray.float(), system.images(indices, batch).float(), atol=6, rtol=0)


def test_invalid_systems_are_rejected(reference_folder, image_folder, tmp_path):
    reference = ReferencePhotos(reference_folder)
    with pytest.raises(ColorganError, match="no checkpoint and no folder of images at .*missing"):
        open_systems([str(tmp_path / "missing")], reference, "cpu")
    with pytest.raises(ColorganError, match="cannot have the same name 'a'"):
        open_systems([f"a={image_folder}", f"a={image_folder}"], reference, "cpu")
    with pytest.raises(ColorganError, match="cannot have the same name 'reference'"):
        open_systems([f"reference={image_folder}"], reference, "cpu")
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
