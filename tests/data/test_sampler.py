"""The order of photos is reproducible, and each process receives its own part."""

import numpy as np
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


def test_validation_photos_are_not_repeated():
    orders = [list(EpochSampler(10, seed=5, shuffle=False, rank=rank, world_size=3)) for rank in range(3)]
    assert [index for _, index in orders[0]] == [0, 3, 6, 9]
    assert sorted(index for order in orders for _, index in order) == list(range(10))
    assert [len(EpochSampler(10, seed=5, shuffle=False, rank=rank, world_size=3)) for rank in range(3)] == [4, 3, 3]
    assert len(EpochSampler(2, seed=5, shuffle=False, rank=2, world_size=3)) == 0


def test_order_depends_only_on_seed_and_epoch():
    def order(seed, epoch):
        sampler = EpochSampler(30, seed=seed, shuffle=True)
        sampler.set_epoch(epoch)
        torch.rand(3), np.random.rand(3)  # noqa: NPY002 (the global random state must not matter)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert len({tuple(index for _, index in order(*pair)) for pair in [(0, 0), (0, 1), (1, 0), (1, 1)]}) == 4


def test_position_resumes_within_an_epoch():
    whole = EpochSampler(20, seed=1, shuffle=True, batch_size=4, rank=1, world_size=2)
    whole.set_epoch(3)
    resumed = EpochSampler(20, seed=1, shuffle=True, batch_size=4, rank=1, world_size=2, position=lambda: (3, 2))
    assert list(resumed) == list(whole)[8:]
    assert len(resumed) == len(whole)
