"""Transfer: what another run has learned, as the beginning of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from colorgan.errors import CheckpointError
from colorgan.files import newest_file
from colorgan.inference.checkpoint import hyper_parameters, read

_GENERATORS = ("average.module.generator.", "colorizer.generator.")
"""Where a checkpoint keeps its generator: its moving average comes first, because that is what validated."""
_DISCRIMINATOR = "discriminator."


@dataclass(frozen=True)
class Transfer:
    """What was taken from a checkpoint, and what was not.

    Attributes:
        source: the file.
        taken: names of the checkpoint's tensors that were taken.
        unused: the checkpoint's tensors that were not, each with the reason.
        fresh: the model's own tensors that keep the values they began with.
        remarks: what else one should know.
    """

    source: str
    taken: tuple[str, ...]
    unused: tuple[str, ...]
    fresh: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The whole story, a tensor a line."""
        lines = [f"{len(self.taken)} tensors were taken from {self.source}", *self.remarks]
        if self.unused:
            lines += [f"{len(self.unused)} of its tensors could not be used:", *(f"  {line}" for line in self.unused)]
        if self.fresh:
            lines += [f"{len(self.fresh)} tensors of this model begin anew:", *(f"  {name}" for name in self.fresh)]
        return "\n".join(lines)


def transfer(
    source: str,
    generator: nn.Module,
    discriminator: nn.Module | None = None,
    color_space: Mapping[str, Any] | None = None,
) -> Transfer:
    """Fills networks with the weights of a checkpoint, as far as names and shapes agree.

    The generator takes every tensor that fits it, so that a checkpoint without hints is a beginning for a model with
    hints. The discriminator is taken whole or not at all: half a judge judges nothing. Of a checkpoint that kept a
    moving average, the average is taken.

    Args:
        source: a ``.ckpt`` file, or a pattern such as ``checkpoints/first_stage/*/checkpoints/best.ckpt``, of whose
            files the newest is taken.
        generator: is filled in place.
        discriminator: likewise, where there is one.
        color_space: description of the model's color space, as :func:`colorgan.models.config.to_config` gives it.

    Raises:
        CheckpointError: if there is no such file, it is damaged, or nothing in it fits the generator.
    """
    file = newest_file(source, "model.init_from")
    contents = read(file)
    state: dict[str, Tensor] = contents["state_dict"]
    prefix = next((prefix for prefix in _GENERATORS if any(name.startswith(prefix) for name in state)), _GENERATORS[1])

    taken, unused, fresh = _fill(generator, state, prefix, _GENERATORS[1])
    if not taken:
        raise CheckpointError(
            f"model.init_from: nothing in {file} fits {type(generator).__name__}; "
            "give a checkpoint of the same kind of generator, or leave init_from out"
        )
    judge = [name for name in state if name.startswith(_DISCRIMINATOR)]
    if discriminator is None:
        unused += [f"{name} (this model has no discriminator)" for name in judge]
    else:
        found, misfits, missing = _fill(discriminator, state, _DISCRIMINATOR, _DISCRIMINATOR, whole=True)
        taken, unused, fresh = taken + found, unused + misfits, fresh + missing
    return Transfer(file, tuple(taken), tuple(unused), tuple(fresh), _remarks(contents, color_space))


def _fill(
    network: nn.Module, state: Mapping[str, Tensor], prefix: str, own_prefix: str, *, whole: bool = False
) -> tuple[list[str], list[str], list[str]]:
    """Copies the tensors below ``prefix`` that fit; returns names: taken, unused with reasons, left as they were."""
    own = network.state_dict()
    offered = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    fitting = {name: tensor for name, tensor in offered.items() if name in own and tensor.shape == own[name].shape}
    unused = [
        f"{prefix}{name} ({_obstacle(tensor, own.get(name))})"
        for name, tensor in offered.items()
        if name not in fitting
    ]
    if whole and len(fitting) < max(len(own), len(offered)):
        unused += [f"{prefix}{name} (fits, but not all of its network does)" for name in fitting]
        fitting = {}
    network.load_state_dict(fitting, strict=False)
    return [prefix + name for name in fitting], unused, [own_prefix + name for name in own if name not in fitting]


def _obstacle(offered: Tensor, own: Tensor | None) -> str:
    if own is None:
        return "this model has no such tensor"
    return f"{tuple(offered.shape)}, this model needs {tuple(own.shape)}"


def _remarks(contents: Mapping[str, Any], color_space: Mapping[str, Any] | None) -> tuple[str, ...]:
    stored = hyper_parameters(contents).get("color_space")
    if color_space is None or not isinstance(stored, Mapping):
        return ()
    theirs, ours = (str(space.get("class_path")).rpartition(".")[2] for space in (stored, color_space))
    if theirs == ours:
        return ()
    return (f"they predicted {theirs}, this model predicts {ours}: the last layers will have to learn that",)
