import torch

from colorgan.models.hints.sampling import WORD_RANGE, WORDS_PER_NORMAL, normal_below, uniform_below, words_from_index


def test_words_match_arithmetic_on_python_integers() -> None:
    """Python's integers are unbounded, so this shows that nothing overflows."""

    def reference_hash(value: int) -> int:
        value %= 2**32
        for shift, multiplier in ((16, 0x7FEB352D), (15, 0x045D9F3B), (16, 0x2C1B3C6D)):
            value = (value ^ value >> shift) * multiplier % 2**32
        return value ^ value >> 15

    indices = [0, 1, 2, 4_000_000_000, 2**32 - 1]
    expected = [
        [reference_hash(reference_hash(i) ^ reference_hash(j * 0x9E3779B9)) for j in range(1, 65)] for i in indices
    ]
    assert words_from_index(torch.tensor(indices), 64).tolist() == expected


def test_uniform_below_covers_the_range() -> None:
    words = torch.tensor([0, WORD_RANGE // 2, WORD_RANGE - 1])
    assert uniform_below(words, 10).tolist() == [0, 5, 9]


def test_normal_below_is_centered_and_clipped() -> None:
    words = torch.tensor([0, WORD_RANGE // 2, WORD_RANGE - 1])[:, None].expand(-1, WORDS_PER_NORMAL)
    assert normal_below(words, torch.tensor(100)).tolist() == [0, 50, 99]
