import functools
from collections.abc import Callable
from typing import Any

import pytest
from jsonargparse import ArgumentParser

from colorgan.errors import ColorganError
from colorgan.models.discriminators import (
    ConvLinear,
    Discriminator,
    FixedSizeDiscriminator,
    FlatDiscriminator,
    PatchGAN,
    build_discriminator,
)

every_class = pytest.mark.parametrize("cls", [ConvLinear, FlatDiscriminator])


@every_class
def test_size_is_required(cls: type[FixedSizeDiscriminator]) -> None:
    for arguments in ({}, {"size": None}):
        with pytest.raises(ColorganError, match=f"{cls.__name__} works at one image size only: give size, such as"):
            cls(3, **arguments)


@every_class
def test_missing_size_is_the_image_size(cls: type[FixedSizeDiscriminator]) -> None:
    for factory in (cls, functools.partial(cls, width=4), functools.partial(cls, size=None)):
        network = build_discriminator(factory, 3, image_size=16)
        assert isinstance(network, cls)
        assert (network.in_channels, network.size) == (3, 16)
        assert network.init_args["size"] == 16


@every_class
def test_given_size_is_kept(cls: type[FixedSizeDiscriminator]) -> None:
    network = build_discriminator(functools.partial(cls, size=32), 3, image_size=16)
    assert isinstance(network, FixedSizeDiscriminator)
    assert network.size == 32


@pytest.mark.parametrize(("init_args", "size"), [({"width": 4}, 16), ({"size": 32}, 32), ({"size": None}, 16)])
def test_factories_from_yaml(init_args: dict[str, Any], size: int) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--discriminator", type=Callable[[int], Discriminator])
    config = parser.parse_object(
        {"discriminator": {"class_path": "colorgan.models.ConvLinear", "init_args": init_args}}
    )
    network = build_discriminator(parser.instantiate(config).discriminator, 3, image_size=16)
    assert isinstance(network, ConvLinear)
    assert network.size == size


def test_other_discriminators_get_no_size() -> None:
    for factory in (PatchGAN, functools.partial(PatchGAN, width=4), lambda channels: PatchGAN(channels, width=4)):
        assert isinstance(build_discriminator(factory, 3, image_size=16), PatchGAN)


def test_subclasses_may_fix_their_size() -> None:
    class Thumbnail(FixedSizeDiscriminator):
        def __init__(self, in_channels: int) -> None:
            super().__init__(in_channels, 8, num_downsamples=3)

    network = build_discriminator(Thumbnail, 3, image_size=16)
    assert isinstance(network, Thumbnail)
    assert network.size == 8


def test_unsuitable_image_size_is_rejected() -> None:
    with pytest.raises(ColorganError, match="ConvLinear downsamples its input 3 times: .* received 100"):
        build_discriminator(ConvLinear, 3, image_size=100)
