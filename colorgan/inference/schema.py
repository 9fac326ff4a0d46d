"""Validates the contents of a checkpoint, all of them, before anything is built from them."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from colorgan.errors import CheckpointError
from colorgan.files import resolved
from colorgan.files.plain import check_plain
from colorgan.inference.saved_paths import confine_paths
from colorgan.inference.working_size import check_size
from colorgan.models.weight_files import check_finite

_MAX_INTEGER = 65_536
"""Larger than any width, depth or count of a real network; an untrusted file must not make us build for an hour."""
_TYPES = {
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool,
}  # fmt: skip
_LEVELS = ("depth", "num_downsamples", "layers")
_MAX_LEVELS = 1024
"""Levels often double the width, which makes numbers of as many digits."""
_MAX_ARGUMENTS, _MAX_LENGTH = 2000, 200
"""Values that describe a network, and those of a single list. Parsers take long for long lists."""
_NETWORK_ARGUMENTS = (
    "generator", "discriminator", "color_space", "hints", "reconstruction", "losses", "adversarial",
    "discriminator_augmentation", "discriminator_penalty", "width", "num_downsamples", "image_size", "accumulate",
)  # fmt: skip


def check_state(model: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Compares the names and shapes of a ``state_dict`` with those of a model, which may be on ``meta``.

    Raises:
        CheckpointError: naming the first tensors that differ.
    """
    expected = model.state_dict()
    missing = [name for name in expected if name not in state]
    unexpected = [name for name in state if name not in expected]
    mismatched = [
        f"{name} is {tuple(state[name].shape)}, the model needs {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if missing or unexpected or mismatched:
        shown = [
            *mismatched[:2],
            *(f"{name} is missing" for name in missing[:2]),
            *(f"{name} is not in the model" for name in unexpected[:2]),
        ]
        num_hidden = len(missing) + len(unexpected) + len(mismatched) - len(shown)
        raise CheckpointError(
            f"{source} is of another architecture: {'; '.join(shown)}"
            f"{f' (and {num_hidden} more)' if num_hidden else ''}; "
            "load it with the configuration it was trained with, or with none"
        )


def check_types(state: Mapping[str, Tensor], source: str | Path) -> None:
    """Checks that tensors have one of the types that networks of colorgan have.

    Raises:
        CheckpointError: naming the first other one.
    """
    for name, tensor in state.items():
        if tensor.dtype not in _TYPES:
            raise CheckpointError(f"{source} was refused: {name:.100} is of the type {tensor.dtype}")


def check_numbers(arguments: Any, source: str | Path) -> None:
    """Refuses arguments that no real network has.

    Raises:
        CheckpointError: for more than 2,000 values or 200 in a list, a number that is not finite, or an integer beyond
            65,536.
    """
    check_plain(arguments, source, _MAX_ARGUMENTS, _MAX_LENGTH)
    for name, number in _named_numbers(arguments):
        if name in _LEVELS and number > _MAX_LEVELS:
            raise CheckpointError(f"{source} was refused: it asks for a network with {name} {number}")
    for number in _numbers(arguments):
        if not math.isfinite(number) or (isinstance(number, int) and abs(number) > _MAX_INTEGER):
            raise CheckpointError(f"{source} was refused: it asks for a network with the argument {number}")


def _named_numbers(value: Any) -> Iterator[tuple[Any, int | float]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, int | float):
                yield name, item
            yield from _named_numbers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named_numbers(item)


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)


def check_training_checkpoint(contents: Any, file: Path) -> None:
    """Validates a checkpoint written by ``fit`` and confines its paths to its own folder.

    Raises:
        CheckpointError: naming what is missing or wrong.
    """
    if not isinstance(contents, dict) or not {"state_dict", "hyper_parameters"} <= contents.keys():
        raise CheckpointError(
            f"{file} is not a colorgan checkpoint: it lacks state_dict and hyper_parameters; "
            "give a .ckpt file written by `fit`"
        )
    check_plain(contents, file, is_leaf=_TensorCheck(file))
    _Checkpoint(contents, file).check()
    check_finite(contents["state_dict"], file)
    confine_paths(contents.get("callbacks", {}), resolved(file).parent)


class _TensorCheck:
    """Accepts dense tensors on the CPU that together hold no more than the file does.

    Args:
        file: the file.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        # a storage may have several tensors, such as tied weights, but not many
        self.left = 4 * file.stat().st_size

    def __call__(self, value: Any) -> bool:
        if not isinstance(value, Tensor):
            return False
        is_dense = type(value) in (Tensor, nn.Parameter) and value.layout == torch.strided
        if not is_dense or value.device.type != "cpu" or value.dtype not in _TYPES:
            raise CheckpointError(f"{self.file} is not a colorgan checkpoint: it holds a tensor that is not dense")
        size = value.numel() * value.element_size()
        self.left -= size
        if size > value.untyped_storage().nbytes() or self.left < 0:
            raise CheckpointError(
                f"{self.file} was refused: it claims {value.numel()} values for a tensor but contains fewer"
            )
        return True


class _Checkpoint:
    """The parts of a checkpoint, and the form that each must have.

    Args:
        contents: the checkpoint, made of plain values and dense tensors.
        file: its file, for messages.
    """

    def __init__(self, contents: Mapping[str, Any], file: Path) -> None:
        self.contents, self.file = contents, file

    def check(self) -> None:
        """Checks all parts.

        Raises:
            CheckpointError: naming the first part of another form.
        """
        self._check_network()
        for name in ("epoch", "global_step"):
            self._expect(_is_count(self.contents.get(name, 0)), f"{name} must be a count")
        version = self.contents.get("pytorch-lightning_version", "0")
        is_version = isinstance(version, str) and re.fullmatch(r"\d{1,6}(\.\w{1,20}){0,5}", version)
        self._expect(is_version, "pytorch-lightning_version must be a version")
        for state in self._mapping("loops").values():
            self._expect(isinstance(state, dict), "loops must be a mapping of mappings")
            self._check_loops(state)
        for state in self._list("optimizer_states"):
            self._check_optimizer(state)
        for state in self._list("lr_schedulers"):
            self._check_scheduler(state)
        for state in self._mapping("callbacks").values():
            self._expect(isinstance(state, dict), "callbacks must be a mapping of mappings")
            self._check_scores(state)

    def _check_network(self) -> None:
        state, arguments = self.contents["state_dict"], self.contents["hyper_parameters"]
        if not isinstance(state, dict) or not isinstance(arguments, dict):
            self._refuse("state_dict and hyper_parameters must be mappings")
        for name, tensor in state.items():
            self._expect(isinstance(name, str), "state_dict must have names")
            self._expect(isinstance(tensor, Tensor), f"{name:.100} is not a tensor")
            if name.endswith("working_size"):
                self._expect(tensor.numel() == 1 and not tensor.is_floating_point(), f"{name:.100} is not a number")
                check_size(int(tensor), self.file)
        self._expect(all(isinstance(name, str) for name in arguments), "hyper_parameters must have names")
        check_plain(arguments, self.file, _MAX_ARGUMENTS, _MAX_LENGTH)
        check_numbers({name: value for name, value in arguments.items() if name in _NETWORK_ARGUMENTS}, self.file)
        if not all(math.isfinite(number) for number in _numbers(arguments)):
            raise CheckpointError(f"{self.file} was refused: one of its hyper_parameters is not finite")
        if "image_size" in arguments:
            check_size(arguments["image_size"], self.file)

    def _check_loops(self, loops: Any) -> None:
        """Checks that the progress of training consists of counts."""
        for name, value in loops.items():
            if isinstance(value, dict):
                self._check_loops(value)
            elif isinstance(value, list):
                for item in value:
                    self._expect(isinstance(item, dict), f"loops: {name!s:.100} must be a list of mappings")
                    self._check_loops(item)
            else:
                is_progress = value is None or isinstance(value, bool) or _is_count(value)
                self._expect(is_progress, f"loops: {name!s:.100} must be a count")

    def _check_optimizer(self, state: Any) -> None:
        """Checks that the state of an optimizer holds finite numbers and tensors."""
        is_state = isinstance(state, dict) and isinstance(state.get("state"), dict)
        self._expect(is_state and isinstance(state.get("param_groups"), list), "optimizer_states lacks its parts")
        for group in state["param_groups"]:
            self._expect(isinstance(group, dict), "param_groups must be a list of mappings")
            parameters = group.get("params")
            is_list = isinstance(parameters, list) and all(_is_count(number) for number in parameters)
            self._expect(is_list, "the params of an optimizer must be a list of counts")
            for name, value in group.items():
                items = value if isinstance(value, list | tuple) else [value]
                self._expect(all(map(_is_setting, items)), f"{name!s:.100} of an optimizer is not a finite number")
        for values in state["state"].values():
            self._expect(isinstance(values, dict), "the state of an optimizer must be a mapping of mappings")
            for name, value in values.items():
                if isinstance(value, Tensor):
                    check_finite({f"{name} of an optimizer": value}, self.file)
                else:
                    self._expect(_is_setting(value), f"{name!s:.100} of an optimizer is not a finite number")

    def _check_scheduler(self, state: Any) -> None:
        """Checks that the state of a schedule holds values only, because it is copied over the schedule's own."""
        self._expect(isinstance(state, dict), "lr_schedulers must be a list of mappings")
        for name, value in state.items():
            is_own = isinstance(name, str) and name.isidentifier() and name != "optimizer" and not name.startswith("__")
            is_own = is_own and not any(callable(getattr(cls, name, None)) for cls in (LRScheduler, ReduceLROnPlateau))
            self._expect(is_own, f"{name!s:.100} is no state of a schedule")
            if name == "_schedulers":
                self._expect(isinstance(value, list), "_schedulers must be a list")
                for inner in value:
                    self._check_scheduler(inner)

    def _check_scores(self, state: Mapping[Any, Any]) -> None:
        """Checks the scores of ``ModelCheckpoint``, which it compares with new ones."""
        best = state.get("best_k_models", {})
        self._expect(isinstance(best, dict), "best_k_models must be a mapping")
        scores = [state.get(name) for name in ("best_model_score", "current_score", "kth_value")]
        for score in [*(score for score in scores if score is not None), *best.values()]:
            is_number = isinstance(score, int | float) or (isinstance(score, Tensor) and score.numel() == 1)
            self._expect(is_number, "the score of a checkpoint must be a number")

    def _mapping(self, name: str) -> dict[Any, Any]:
        value = self.contents.get(name, {})
        self._expect(isinstance(value, dict), f"{name} must be a mapping")
        return dict(value)

    def _list(self, name: str) -> list[Any]:
        value = self.contents.get(name, [])
        self._expect(isinstance(value, list), f"{name} must be a list")
        return list(value)

    def _expect(self, condition: object, problem: str) -> None:
        if not condition:
            self._refuse(problem)

    def _refuse(self, problem: str) -> NoReturn:
        raise CheckpointError(f"{self.file} is not a colorgan checkpoint: {problem}")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_setting(value: Any) -> bool:
    """Whether a value can be an option of an optimizer: a finite number, a switch, or nothing."""
    if isinstance(value, Tensor):
        return value.numel() == 1 and bool(torch.isfinite(value).all())
    return value is None or (isinstance(value, bool | int | float) and math.isfinite(value))
