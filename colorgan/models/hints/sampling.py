"""Random decisions from 32-bit integers ("words"), in integer arithmetic that gives the same result on every device.

Validation hints take their words from :func:`words_from_index`, a counter-based generator; training hints from PyTorch.
"""

import torch
from torch import Tensor

WORD_RANGE = 2**32
"""Words are integers in [0, 2**32), stored as int64."""

WORDS_PER_NORMAL = 12
"""Number of uniform words whose sum approximates a normal variable: with 12 of them, the variance is 1."""


def words_from_index(index: Tensor, count: int) -> Tensor:
    """Random words that depend only on each photo's index: int64 (B,) → int64 (B, count)."""
    counter = torch.arange(1, count + 1, device=index.device)
    return _hash(_hash(index)[:, None] ^ _hash(counter * 0x9E3779B9))


def word_threshold(probability: float) -> int:
    """The integer that a uniform word is below with this probability."""
    return round(probability * WORD_RANGE)


def uniform_below(word: Tensor, limit: Tensor | int) -> Tensor:
    """Maps uniform words to uniform integers in [0, limit)."""
    return (word * limit) >> 32


def normal_below(words: Tensor, limit: Tensor) -> Tensor:
    """Maps uniform words to normal integers in [0, limit): mean limit / 2, standard deviation limit / 4, clipped.

    Args:
        words: (..., WORDS_PER_NORMAL).
        limit: int64 (...).
    """
    # limit / 2 + limit / 4 · (sum - terms / 2), where sum is a sum of uniform numbers in [0, 1)
    centered = limit * (words.sum(-1) + (2 - WORDS_PER_NORMAL // 2) * WORD_RANGE) // (4 * WORD_RANGE)
    return centered.clamp(min=0).minimum(limit - 1)


def _hash(value: Tensor) -> Tensor:
    """Hashes the lower 32 bits of integers. The multipliers are below 2**31, so that products fit into int64."""
    value = value & (WORD_RANGE - 1)
    for shift, multiplier in ((16, 0x7FEB352D), (15, 0x045D9F3B), (16, 0x2C1B3C6D)):
        value = ((value ^ (value >> shift)) * multiplier) & (WORD_RANGE - 1)
    return value ^ (value >> 15)
