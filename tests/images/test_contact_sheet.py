"""Contact sheets show the right pixels in the right position, for every kind of input."""

import numpy as np
import pytest
import torch

from colorgan.images.contact_sheet import contact_sheet, evenly_spaced, to_rgb_uint8


def colors_of(image) -> set[tuple[int, ...]]:
    return {tuple(color) for _, color in image.getcolors(1 << 20)}


def test_tensors_and_arrays_give_the_same_pixels():
    array = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    tensor = torch.from_numpy(array.transpose(2, 0, 1).copy())
    for image in (array, tensor, tensor.float() / 255, (tensor.double() / 255).requires_grad_()):
        assert np.array_equal(to_rgb_uint8(image), array)


def test_floats_are_rounded_and_clipped():
    values = torch.tensor([[[-0.2, 0.5, 1.0039, float("nan"), float("inf"), 254.6 / 255]]])
    assert to_rgb_uint8(values)[0, :, 0].tolist() == [0, 128, 255, 0, 255, 255]


def test_bfloat16_is_accepted():
    assert to_rgb_uint8(torch.ones(3, 2, 2, dtype=torch.bfloat16)).min() == 255


@pytest.mark.parametrize("shape", [(2, 4, 4), (5,), (1, 3, 4, 4), (3, 0, 4)])
def test_invalid_shapes_are_rejected(shape):
    with pytest.raises(ValueError, match="received Tensor of shape"):
        to_rgb_uint8(torch.zeros(shape))


def test_every_image_is_drawn_pixel_for_pixel():
    colors = [(10 * k, 200 - 5 * k, 3 * k) for k in range(20)]
    batch = np.array(colors, np.uint8)[:, None, None].repeat(96, 1).repeat(96, 2)
    drawn = contact_sheet({"gray": batch, "target": batch}, blocks=2)
    counts = {color: count for count, color in drawn.getcolors(1 << 20)}
    assert all(counts[color] == 2 * 96 * 96 for color in colors)


def test_rows_fill_the_first_block_before_the_second():
    batch = torch.zeros(4, 3, 96, 96, dtype=torch.uint8)
    batch += torch.tensor([50, 100, 150, 200], dtype=torch.uint8).view(4, 1, 1, 1)
    drawn = np.asarray(contact_sheet({"a": batch}, blocks=2))
    positions = {value: np.argwhere((drawn == value).all(-1)).mean(0) for value in (50, 100, 150, 200)}
    assert positions[50][1] == positions[100][1] < positions[150][1] == positions[200][1]
    assert positions[50][0] == positions[150][0] < positions[100][0] == positions[200][0]


def test_small_images_are_enlarged_by_an_integer_factor():
    drawn = contact_sheet({"a": torch.eye(10).expand(1, 3, 10, 10)})
    black = next(count for count, color in drawn.getcolors(1 << 20) if color == (0, 0, 0))
    assert black == 90 * 10 * 10


def test_images_of_different_sizes_keep_their_aspect_ratio():
    drawn = contact_sheet({"a": [np.full((50, 200, 3), 7, np.uint8), np.full((200, 100, 3), 9, np.uint8)]})
    counts = {color[0]: count for count, color in drawn.getcolors(1 << 20)}
    assert (counts[7], counts[9]) == (50 * 200, 200 * 100)


def test_titles_and_captions_fit_on_the_sheet():
    batch = torch.ones(2, 3, 96, 96)
    plain = contact_sheet({"": batch})
    named = contact_sheet(
        {"a title far too long for a tile of this size": batch}, captions=["x" * 300, "b"], title="word " * 90
    )
    assert colors_of(plain) == {(255, 255, 255)}
    text = np.argwhere((np.asarray(named) < 128).all(-1))
    assert named.width == plain.width
    assert text[:, 1].max() < named.width - 5


def test_invalid_arguments_are_rejected():
    with pytest.raises(ValueError, match="same number of images, at least one; received"):
        contact_sheet({})
    with pytest.raises(ValueError, match="'a': 2, 'b': 3"):
        contact_sheet({"a": torch.ones(2, 3, 8, 8), "b": torch.ones(3, 3, 8, 8)})
    with pytest.raises(ValueError, match="needs 2 captions; received 1"):
        contact_sheet({"a": torch.ones(2, 3, 8, 8)}, captions=["x"])
    with pytest.raises(ValueError, match="blocks=0"):
        contact_sheet({"a": torch.ones(2, 3, 8, 8)}, blocks=0)


@pytest.mark.parametrize(("count", "total"), [(1, 1), (1, 9), (3, 10), (20, 20), (20, 21), (20, 1000), (7, 3), (4, 0)])
def test_evenly_spaced_positions_are_distinct_and_cover_both_ends(count, total):
    positions = evenly_spaced(count, total)
    assert len(set(positions)) == len(positions) == min(count, total)
    assert positions == sorted(positions)
    assert set(positions) <= set(range(total))
    if min(count, total) > 1:
        assert (positions[0], positions[-1]) == (0, total - 1)
