"""The order of photos is reproducible, and each process receives its own part."""

import numpy as np
import pytest
import torch

from colorgan.data.sampler import EpochSampler


def test_training_photos_are_divided_between_ranks():
    orders = []
    for rank in range(3):
        sampler = EpochSampler(10, seed=5, shuffle=True, rank=rank, world_size=3)
        sampler.set_epoch(7)
        pairs = list(sampler)
        assert len(pairs) == len(sampler) == 4
        assert {epoch for epoch, _ in pairs} == {7}
        orders.append([index for _, index in pairs])
    combined = [index for order in orders for index in order]
    assert set(combined) == set(range(10))
    assert len(combined) == 12


def test_all_ranks_validate_the_same_number_of_photos():
    """They wait for each other in every batch."""
    for count, length in ((10, 4), (2, 1)):
        orders = [list(EpochSampler(count, seed=5, shuffle=False, rank=rank, world_size=3)) for rank in range(3)]
        assert [len(order) for order in orders] == [length] * 3
        interleaved = [index for step in zip(*orders, strict=True) for _, index in step]
        assert interleaved == [*range(count), *range(3 * length - count)]  # the first ones are repeated at the end


@pytest.mark.parametrize("count", [8, 9, 11, 15, 16, 17, 23])
def test_batches_of_all_ranks_are_those_of_one_process(count):
    def batches(rank, world_size):
        sampler = EpochSampler(count, seed=5, shuffle=True, rank=rank, world_size=world_size, drop_last=True)
        order = [index for _, index in sampler]
        assert len(order) == len(sampler)
        size = 8 // world_size
        return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]

    together = [sorted(one + two) for one, two in zip(batches(0, 2), batches(1, 2), strict=True)]
    assert together == [sorted(batch) for batch in batches(0, 1)]


def test_weighted_batches_of_all_ranks_are_those_of_one_process():
    weights = np.array([0.5, 3.0, 1.0, 0.0] * 5)  # 22.5, rounded to 22

    def keys(rank, world_size):
        sampler = EpochSampler(
            20, seed=5, shuffle=True, weights=weights, rank=rank, world_size=world_size, drop_last=True
        )
        sampler.set_epoch(2)
        assert len(sampler) == 22 // world_size
        return list(sampler)

    together = [key for pair in zip(keys(0, 2), keys(1, 2), strict=True) for key in pair]
    assert together == keys(0, 1)
    assert len(set(together)) == 22  # every copy is another key
    assert {key[1] % 4 for key in together} == {0, 1, 2}


def test_order_depends_only_on_seed_and_epoch():
    def order(seed, epoch):
        sampler = EpochSampler(30, seed=seed, shuffle=True)
        sampler.set_epoch(epoch)
        torch.rand(3), np.random.rand(3)  # noqa: NPY002 (the global random state must not matter)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert len({tuple(index for _, index in order(*pair)) for pair in [(0, 0), (0, 1), (1, 0), (1, 1)]}) == 4


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 20)], ids=["equal", "weighted"])
def test_position_resumes_within_an_epoch(weights):
    options = {"seed": 1, "shuffle": True, "weights": weights, "batch_size": 4, "rank": 1, "world_size": 2}
    whole = EpochSampler(20, **options)
    whole.set_epoch(3)
    resumed = EpochSampler(20, **options, position=lambda: (3, 2))
    assert list(resumed) == list(whole)[8:]
    assert len(resumed) == len(whole)
