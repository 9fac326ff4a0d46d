"""Transfer learning: initializes networks with the weights of another model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from colorgan.errors import CheckpointError
from colorgan.files import newest_file
from colorgan.inference.checkpoint import TRAINED_PREFIX, hyper_parameters, network_prefix, read
from colorgan.inference.released import read_contents
from colorgan.inference.shipped import SHIPPED, WEIGHTS, shipped_model

_GENERATOR = "generator."
_DISCRIMINATOR = "discriminator."


@dataclass(frozen=True)
class Transfer:
    """Which tensors were loaded, and which were not.

    Attributes:
        source: the file or folder.
        loaded: names of its tensors that were loaded.
        unused: its other tensors, each with the reason.
        fresh: the model's tensors that keep their initial values.
        remarks: further notes for the user.
    """

    source: str
    loaded: tuple[str, ...]
    unused: tuple[str, ...]
    fresh: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """A summary, followed by the tensors that were not transferred: those of a discriminator together."""
        lines = [f"{len(self.loaded)} tensors were loaded from {self.source}", *self.remarks]
        if self.unused:
            lines += [f"{len(self.unused)} of its tensors could not be used:", *_listed(self.unused)]
        if self.fresh:
            lines += [f"{len(self.fresh)} tensors of this model keep their initial values:", *_listed(self.fresh)]
        return "\n".join(lines)


def _listed(tensors: Sequence[str]) -> list[str]:
    """One line per tensor, except that those of the discriminator with the same reason share one."""
    reasons = Counter(line.partition(" ")[2] for line in tensors if line.startswith(_DISCRIMINATOR))
    shared = {reason: count for reason, count in reasons.items() if count > 1}
    alone = [line for line in tensors if not (line.startswith(_DISCRIMINATOR) and line.partition(" ")[2] in shared)]
    together = [f"{count} of the discriminator {reason}".rstrip() for reason, count in shared.items()]
    return [f"  {line}" for line in (*alone, *together)]


def transfer(
    source: str,
    generator: nn.Module,
    discriminator: nn.Module | None = None,
    color_space: Mapping[str, Any] | None = None,
) -> Transfer:
    """Loads the weights of a checkpoint or released model into networks where names and shapes agree.

    The generator loads every tensor that fits, so that a model with hints can start from a checkpoint without them. The
    discriminator is loaded completely or not at all, because a partly loaded one gives no useful gradients. If the
    checkpoint has a moving average, its weights are used. A released model has no discriminator.

    Args:
        source: a ``.ckpt`` file; a pattern such as ``checkpoints/first_stage/*/checkpoints/best.ckpt``, of whose
            files the newest is used; the folder of a released model; or ``colorgan-photos``, the model that ships with
            colorgan.
        generator: modified in place.
        discriminator: likewise; ``None`` for a model without one.
        color_space: config of the model's color space, as :func:`colorgan.models.config.to_config` gives it.

    Raises:
        CheckpointError: if there is no such file, it is damaged, or nothing in it fits the generator.
    """
    file, state, their_color_space = _read(source)
    own_prefix = TRAINED_PREFIX + _GENERATOR
    prefix = (network_prefix(state) or TRAINED_PREFIX) + _GENERATOR

    loaded, unused, fresh = _fill(generator, state, prefix, own_prefix)
    if not loaded:
        raise CheckpointError(
            f"model.init_from: nothing in {file} fits {type(generator).__name__}; "
            "give a checkpoint of the same kind of generator, or set init_from to null"
        )
    discriminator_tensors = [name for name in state if name.startswith(_DISCRIMINATOR)]
    if discriminator is None:
        unused += [f"{name} (this model has no discriminator)" for name in discriminator_tensors]
    else:
        found, misfits, missing = _fill(discriminator, state, _DISCRIMINATOR, _DISCRIMINATOR, whole=True)
        loaded, unused, fresh = loaded + found, unused + misfits, fresh + missing
    return Transfer(file, tuple(loaded), tuple(unused), tuple(fresh), _remarks(their_color_space, color_space))


def _read(source: str) -> tuple[str, dict[str, Tensor], Any]:
    """The path, the weights and the color space of a checkpoint or released model."""
    found = Path(shipped_model() if source == SHIPPED else newest_file(source, "model.init_from"))
    folder = found.parent if found.name == WEIGHTS else found
    if folder.is_dir():
        config, weights = read_contents(folder)
        return str(folder), {TRAINED_PREFIX + name: tensor for name, tensor in weights.items()}, config["color_space"]
    contents = read(found)
    return str(found), contents["state_dict"], hyper_parameters(contents).get("color_space")


def _fill(
    network: nn.Module, state: Mapping[str, Tensor], prefix: str, own_prefix: str, *, whole: bool = False
) -> tuple[list[str], list[str], list[str]]:
    """Copies the tensors below ``prefix`` that fit; returns the names of loaded, unused and fresh tensors."""
    own = network.state_dict()
    offered = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    fitting = {name: tensor for name, tensor in offered.items() if name in own and tensor.shape == own[name].shape}
    unused = [
        f"{prefix}{name} ({_mismatch(tensor, own.get(name))})"
        for name, tensor in offered.items()
        if name not in fitting
    ]
    if whole and len(fitting) < max(len(own), len(offered)):
        unused += [f"{prefix}{name} (fits, but other tensors of its network do not)" for name in fitting]
        fitting = {}
    network.load_state_dict(fitting, strict=False)
    return [prefix + name for name in fitting], unused, [own_prefix + name for name in own if name not in fitting]


def _mismatch(offered: Tensor, own: Tensor | None) -> str:
    if own is None:
        return "this model has no such tensor"
    return f"{tuple(offered.shape)}, this model needs {tuple(own.shape)}"


def _remarks(their_color_space: Any, color_space: Mapping[str, Any] | None) -> tuple[str, ...]:
    if color_space is None or not isinstance(their_color_space, Mapping):
        return ()
    theirs, ours = (str(space.get("class_path")).rpartition(".")[2] for space in (their_color_space, color_space))
    if theirs == ours:
        return ()
    return (f"the checkpoint predicts {theirs} and this model {ours}: its last layers have to be retrained",)
