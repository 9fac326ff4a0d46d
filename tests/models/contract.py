"""Tests that every network must pass. The contracts of generators and discriminators build on them."""

import copy
import importlib
import inspect
import io
import json
import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import Tensor, nn

from colorgan.models.base import ImageNetwork
from colorgan.models.config import class_path, to_config
from tests.models import golden


class NetworkContract:
    """Subclass it in a test file and set ``network`` and ``small``: all tests below run on that class.

    Then store its outputs with ``python -m tests.models.golden``.

    Attributes:
        network: the class under test.
        small: constructor arguments, besides the channels, that keep the tests fast.
        variants: more arguments, each merged into ``small``, that the shape and gradient tests also run with.
        channels: positional arguments of the constructor to test with.
        factory: type of the factory that builds such a network from YAML.
    """

    network: ClassVar[type[ImageNetwork]]
    small: ClassVar[dict[str, Any]] = {}
    variants: ClassVar[list[dict[str, Any]]] = []
    channels: ClassVar[list[tuple[int, ...]]]
    factory: ClassVar[Any]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        cls = metafunc.cls
        if "channels" in metafunc.fixturenames:
            pairs = [(channels, {}) for channels in cls.channels] + [(cls.channels[0], each) for each in cls.variants]
            metafunc.parametrize(("channels", "variant"), pairs, ids=str)
        elif "variant" in metafunc.fixturenames:
            metafunc.parametrize("variant", [{}, *cls.variants], ids=str)
        elif "golden_case" in metafunc.fixturenames:
            metafunc.parametrize("golden_case", cls.golden_cases(), ids=lambda case: cls.golden_name(*case))

    @pytest.fixture(autouse=True)
    def _seed(self) -> None:
        torch.manual_seed(0)

    def build(self, *channels: int, **changes: Any) -> ImageNetwork:
        return self.network(*(channels or self.channels[0]), **{**self.small, **changes})

    def sizes(self, network: ImageNetwork) -> list[tuple[int, int]]:
        """The minimum size, and an odd one that is not square."""
        step = network.size_multiple
        minimum = max(-(-network.min_size // step) * step, step)
        odd = step * max(1, 4 // step)
        return [(minimum, minimum), (minimum + 3 * odd, minimum + odd)]

    def batch(self, network: ImageNetwork, size: tuple[int, int] | None = None, count: int = 2) -> Tensor:
        return torch.rand(count, network.in_channels, *(size or self.sizes(network)[-1])) * 2 - 1

    @classmethod
    def golden_cases(cls) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
        """Channels and further arguments of the networks whose outputs are stored."""
        ends = dict.fromkeys((cls.channels[0], cls.channels[-1]))
        # spectral normalization starts at random vectors; see test_patch_gan.py
        variants = [variant for variant in cls.variants if "spectral_norm" not in variant]
        return [(channels, {}) for channels in ends] + [(cls.channels[0], variant) for variant in variants]

    @classmethod
    def golden_name(cls, channels: tuple[int, ...], variant: dict[str, Any]) -> str:
        """The call that builds such a network."""
        arguments = [f"{name}={value!r}" for name, value in {**cls.small, **variant}.items()]
        return f"{cls.network.__name__}({', '.join([*map(str, channels), *arguments])})"

    def golden_input(self, network: ImageNetwork) -> Tensor:
        """Two images in [-1, 1], float64, of the size that is not square."""
        return golden.uniform("input", (2, network.in_channels, *self.sizes(network)[-1]))

    def golden_output(self, channels: tuple[int, ...], variant: dict[str, Any]) -> Tensor:
        """The output of a network whose weights do not depend on torch's random numbers."""
        network = self.build(*channels, **variant)
        golden.fill(network)
        with torch.no_grad():
            output: Tensor = network(self.golden_input(network))
        return output

    def test_output_is_the_stored_one(self, golden_case: tuple[tuple[int, ...], dict[str, Any]]) -> None:
        name = self.golden_name(*golden_case)
        stored = golden.load().get(name)
        assert stored, f"no output of {name} is stored: run python -m tests.models.golden"
        output = golden.summary(self.golden_output(*golden_case))
        assert output.pop("shape") == stored.pop("shape")
        for key, value in stored.items():
            assert output[key] == pytest.approx(value, rel=1e-8, abs=1e-8), key

    def test_gradients_reach_every_parameter(self, variant: dict[str, Any]) -> None:
        network = self.build(**variant)
        x = self.batch(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.01)  # gates may start closed, at zero
        network(x).square().mean().backward()
        without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
        assert not without, f"no gradient reaches {without}"
        dead = [name for name, parameter in network.named_parameters() if not parameter.grad.any()]
        assert not dead, f"the gradient of {dead} is zero everywhere"
        assert all(parameter.grad.isfinite().all() for parameter in network.parameters())

    def test_rejects_wrong_number_of_channels(self) -> None:
        network = self.build()
        wrong = torch.zeros(2, network.in_channels + 1, *self.sizes(network)[0])
        with pytest.raises(ValueError, match=rf"\(B, {network.in_channels}, H, W\), received .*in_channels"):
            network(wrong)
        with pytest.raises(ValueError, match=r"received \(\d+, \d+, \d+\)"):
            network(wrong[0])

    def test_rejects_unsupported_sizes(self) -> None:
        network = self.build()
        height, width = self.sizes(network)[0]
        wrong = (height - 1, width - 1)
        if min(wrong) < 1:
            pytest.skip("accepts every size")
        with pytest.raises(ValueError, match=f"received {wrong[0]}x{wrong[1]}: .*{height}") as caught:
            network(self.batch(network, wrong))
        assert type(network).__name__ in str(caught.value)

    def test_rejects_channel_counts_below_one(self) -> None:
        for position in range(len(self.channels[0])):
            counts = [0 if index == position else count for index, count in enumerate(self.channels[0])]
            with pytest.raises(ValueError, match="at least 1, received 0"):
                self.build(*counts)

    def test_can_be_rebuilt_from_its_config(self) -> None:
        network = self.build()
        description = json.loads(json.dumps(to_config(network)))
        module, name = description["class_path"].rsplit(".", 1)
        again = getattr(importlib.import_module(module), name)(**description["init_args"])
        shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
        assert {name: tensor.shape for name, tensor in again.state_dict().items()} == shapes

    def test_can_be_built_from_yaml(self) -> None:
        parser = ArgumentParser(exit_on_error=False)
        parser.add_argument("--network", type=self.factory)
        config = parser.parse_object({"network": {"class_path": class_path(self.network), "init_args": self.small}})
        network = parser.instantiate(config).network(*self.channels[0])
        assert isinstance(network, self.network)
        assert network.init_args.items() >= self.small.items()

    def test_every_argument_is_documented(self) -> None:
        documentation = inspect.getdoc(self.network) or ""
        for name, parameter in inspect.signature(self.network).parameters.items():
            assert re.search(rf"^    {name}: \S", documentation, flags=re.MULTILINE), (
                f"{name} is not documented under Args"
            )
            assert parameter.annotation is not inspect.Parameter.empty

    def test_state_dict_round_trip(self) -> None:
        network = self.build().eval()
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor.add_(0.01 if tensor.is_floating_point() else 1)  # unlike any initial value
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        torch.manual_seed(1)
        again = self.build().eval()
        again.load_state_dict(torch.load(file, weights_only=True))
        x = self.batch(network)
        assert torch.equal(again(x), network(x))

    def test_copies_are_independent(self) -> None:
        network = self.build().eval()
        x = self.batch(network)
        before = network(x)
        clone = copy.deepcopy(network)
        assert to_config(clone.init_args) == to_config(network.init_args)
        assert torch.equal(clone(x), before)
        with torch.no_grad():
            for parameter in clone.parameters():
                parameter.mul_(0.5).add_(0.1)
        assert torch.equal(network(x), before)

    def test_photos_of_a_batch_do_not_mix(self) -> None:
        network = self.build().eval()
        x = self.batch(network, count=3)
        torch.testing.assert_close(network(x)[1:2], network(x[1:2]), rtol=1e-4, atol=1e-5)

    def test_memory_format_does_not_matter(self) -> None:
        network = self.build().eval()
        x = self.batch(network)
        expected = network(x)
        network.to(memory_format=torch.channels_last)
        torch.testing.assert_close(network(x.to(memory_format=torch.channels_last)), expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
    def test_half_precision_stays_finite(self, dtype: torch.dtype) -> None:
        network = self.build()
        x = self.batch(network)
        with torch.autocast("cpu", dtype=dtype):
            output = network(x)
        output.float().square().mean().backward()
        assert output.isfinite().all()
        assert all(parameter.grad.isfinite().all() for parameter in network.parameters())

    def test_can_be_built_on_the_meta_device(self) -> None:
        with torch.device("meta"):
            network = self.build()
        assert all(parameter.is_meta for parameter in network.parameters())
        assert not any(parameter.is_meta for parameter in self.build().parameters())

    def test_exports(self) -> None:
        network = self.build().eval()
        x = self.batch(network)
        exported = torch.export.export(network, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        other = self.batch(network, count=3)
        torch.testing.assert_close(exported.module()(other), network(other), rtol=1e-4, atol=1e-5)


def parameter_count(build: Callable[[], nn.Module]) -> int:
    """The number of trainable parameters of a network, counted without allocating them."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build().parameters() if parameter.requires_grad)


def smooth_image(size: tuple[int, int]) -> Tensor:
    """An image (1, 1, H, W) in [-1, 1] with one smooth bright and one dark part, which is not symmetric."""
    down, right = (torch.linspace(0, 1, length) for length in size)
    return torch.sin(2 * math.pi * (0.7 * down[:, None] + 0.6 * right))[None, None]


def assert_loss_falls(network: nn.Module, loss: Callable[[], Tensor], below: float, max_steps: int = 300) -> None:
    """Trains a network until its loss is below a bound, or fails."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    value = float("inf")
    for _ in range(max_steps):
        step_loss = loss()
        value = step_loss.item()
        if value < below:
            return
        optimizer.zero_grad()
        step_loss.backward()
        optimizer.step()
    pytest.fail(f"after {max_steps} steps the loss is {value:.3f}, and should be below {below:.3f}")
