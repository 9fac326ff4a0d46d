"""Looks into an ONNX file before a runtime does: what it holds is checked without building anything from it.

An ONNX file is a protocol buffer (onnx.proto, ONNX 1.23). It may point to other files of the machine, bring functions
and operators of its own, and loop for ever. None of that is needed to color a photo, and all of it is refused. The
few fields that say so are read here, so that a machine that only colors needs no library for it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from colorgan.errors import CheckpointError

_LARGEST = 1 << 30
"""Bytes; larger files hold their weights outside of themselves, which is refused anyway."""
_STANDARD = (b"", b"ai.onnx")

# numbers of the fields in onnx.proto
_GRAPH, _OPSETS, _TRAINING, _FUNCTIONS = 7, 8, 20, 25
_NODE, _INITIALIZER = 1, 5
_ATTRIBUTE, _DOMAIN, _OPERATOR = 5, 7, 4
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS = 5, 6, 10, 11
_KIND, _RAW, _EXTERNAL, _LOCATION = 2, 9, 13, 14
_FLOATS = {1: np.float32, 10: np.float16, 11: np.float64}

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def read_checked(file: Path) -> bytes:
    """Reads an ONNX file and refuses what no exported colorizer holds.

    Args:
        file: the file.

    Returns:
        Its bytes, for the runtime.

    Raises:
        CheckpointError: in one sentence, for a file that is missing, damaged, or holds more than data and the standard
            operators.
    """
    if not file.is_file():
        what = "is not a file" if file.exists() else "does not exist"
        raise CheckpointError(f"{file} {what}; give an .onnx file that `colorgan export` wrote")
    if file.stat().st_size > _LARGEST:
        raise CheckpointError(f"{file} is larger than 1 GiB, which no colorizer is; refused")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read ({error.strerror})") from error
    try:
        _check_model(memoryview(data), file)
    except (IndexError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{file} is damaged or no ONNX file; use another copy of it") from error
    return data


def _check_model(model: memoryview, file: Path) -> None:
    graphs = []
    for number, value in _fields(model):
        if number in (_FUNCTIONS, _TRAINING):
            raise CheckpointError(f"{file} brings functions of its own, which no exported colorizer does; refused")
        if number == _GRAPH:
            graphs.append(_message(value))
    if len(graphs) != 1:
        raise CheckpointError(f"{file} is damaged or no ONNX file; use another copy of it")
    for number, value in _fields(graphs[0]):
        if number == _NODE:
            _check_node(_message(value), file)
        elif number == _INITIALIZER:
            _check_tensor(_message(value), file)


def _check_node(node: memoryview, file: Path) -> None:
    fields = list(_fields(node))
    operator = next(
        (bytes(_message(value)).decode("ascii", "replace") for number, value in fields if number == _OPERATOR), ""
    )
    for number, value in fields:
        if number == _DOMAIN and bytes(_message(value)) not in _STANDARD:
            raise CheckpointError(f"{file} needs the operator {operator!r:.40}, which ONNX does not define; refused")
        if number == _ATTRIBUTE:
            for inner, content in _fields(_message(value)):
                if inner in (_SUBGRAPH, _SUBGRAPHS):
                    raise CheckpointError(
                        f"{file} holds a loop or a branch ({operator!r:.40}), which no exported colorizer does; refused"
                    )
                if inner in (_TENSOR, _TENSORS):
                    _check_tensor(_message(content), file)


def _check_tensor(tensor: memoryview, file: Path) -> None:
    kind, raw = 0, memoryview(b"")
    for number, value in _fields(tensor):
        if number == _EXTERNAL or (number == _LOCATION and value == 1):
            raise CheckpointError(f"{file} keeps weights in another file, which is refused: export it into one file")
        if number == _KIND and isinstance(value, int):
            kind = value
        elif number == _RAW:
            raw = _message(value)
    if kind in _FLOATS and not np.isfinite(np.frombuffer(raw, _FLOATS[kind])).all():
        raise CheckpointError(f"{file} is of no use: it holds NaN or infinite weights; export it again")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")
    return value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    r"""The fields of a message: their number, and the number or the bytes that they hold.

    >>> [(number, bytes(value)) for number, value in _fields(memoryview(b"\x12\x02hi"))]
    [(2, b'hi')]
    """
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _varint(message, position)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError("an unknown kind of field")
        if position + length > len(message):
            raise ValueError("a field that is cut short")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number that is too long")
