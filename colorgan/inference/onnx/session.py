"""Runs an ONNX file with onnxruntime, within limits of memory and time."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.runtime import import_onnxruntime
from colorgan.system.memory import total_memory

Provider: TypeAlias = tuple[str, dict[str, Any]]
"""An execution provider of onnxruntime, and its options."""

CPU: Provider = ("CPUExecutionProvider", {})

_LOG_FATAL_ONLY = 4


class OnnxSession:
    """An ONNX file that onnxruntime has loaded.

    Args:
        file: the file, for messages.
        data: its content.
        provider: the execution provider.
        num_threads: number of CPU threads; 0 leaves it to onnxruntime.
        max_bytes: memory that the runtime may use on the CPU; ``None`` does not limit it.

    Attributes:
        inputs: the inputs, each with ``name``, ``shape`` and ``type``.
        optional_inputs: the inputs that have a default, and weights that are listed as inputs, likewise.
        outputs: the outputs, likewise.
        metadata: the metadata entries.
        provider: name of the execution provider in use.

    Raises:
        CheckpointError: if onnxruntime cannot load it.
    """

    def __init__(
        self, file: Path, data: bytes, provider: Provider = CPU, num_threads: int = 0, max_bytes: int | None = None
    ) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_FATAL_ONLY  # errors are raised below
        options.intra_op_num_threads = num_threads
        # waiting threads leave the cores to painting
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if max_bytes is not None:
            memory = onnxruntime.OrtMemoryInfo(
                "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
            )
            # sessions that are created later use it, until another one is registered
            onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": max_bytes}))
            options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # onnxruntime has one exception class per status code
            raise CheckpointError(
                f"{file} cannot be loaded by onnxruntime ({_short_message(error)}); export it again"
            ) from error
        self._file = file
        self.inputs: Sequence[Any] = self._session.get_inputs()
        self.optional_inputs: Sequence[Any] = self._session.get_overridable_initializers()
        self.outputs: Sequence[Any] = self._session.get_outputs()
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.provider: str = self._session.get_providers()[0]

    def run(self, output: str, inputs: Mapping[str, FloatArray], options: Any = None) -> FloatArray:
        """Computes one output.

        Args:
            output: its name.
            inputs: the inputs by name.
            options: ``RunOptions`` of onnxruntime.

        Raises:
            ColorganError: if onnxruntime fails.
        """
        try:
            result: FloatArray = self._session.run([output], dict(inputs), options)[0]
        except Exception as error:  # as above
            raise ColorganError(f"{self._file} cannot be run by onnxruntime ({_short_message(error)})") from error
        return result


def require_onnxruntime(file: str | Path) -> None:
    """Checks that onnxruntime is installed.

    Raises:
        CheckpointError: naming the file that needs it.
    """
    try:
        import_onnxruntime()
    except ModuleNotFoundError as error:
        raise CheckpointError(f"{file} needs onnxruntime, which is not installed: pip install onnxruntime") from error


def execution_provider(device: str) -> Provider:
    """Translates a device name for onnxruntime.

    Raises:
        ColorganError: if onnxruntime cannot use the device.
    """
    available = import_onnxruntime().get_available_providers()
    kind, _, index = device.partition(":")
    if kind == "auto":
        kind = "cuda" if "CUDAExecutionProvider" in available else "cpu"
    if kind == "cpu" and not index:
        return CPU
    if kind == "cuda" and "CUDAExecutionProvider" in available and (index.isdecimal() or not index):
        return "CUDAExecutionProvider", {"device_id": int(index or 0)}
    reason = "onnxruntime-gpu is not installed" if kind == "cuda" else "an .onnx file runs on cpu or cuda"
    raise ColorganError(f"the device {device!r} is not available ({reason}); try cpu")


def check_provider(session: OnnxSession, provider: Provider, device: str) -> None:
    """Checks that onnxruntime uses the device that was asked for; otherwise, it only warns.

    Raises:
        ColorganError: if it does not.
    """
    if device != "auto" and session.provider != provider[0]:
        raise ColorganError(f"the device {device!r} is not available to onnxruntime; try cpu")


def memory_limit() -> int | None:
    """Half of the machine's memory, in bytes; ``None`` if that is unknown."""
    memory = total_memory()
    return memory // 2 if memory else None


@contextlib.contextmanager
def stop_after(seconds: float) -> Iterator[Any]:
    """Provides ``RunOptions`` with which runs end after some seconds."""
    options = import_onnxruntime().RunOptions()
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.start()
    try:
        yield options
    finally:
        timer.cancel()


def _short_message(error: Exception) -> str:
    """The message of an onnxruntime error without its status codes."""
    text = " ".join(str(error).split()).split(" : ")[-1]
    return text[:160].rstrip(". ") or type(error).__name__
