"""Checks an ONNX file before a runtime loads it, without building anything from it.

An ONNX file is a protocol buffer (onnx.proto, ONNX 1.23). It may refer to other files of the machine, define functions
and custom operators, and loop forever. No exported colorizer does, so all of these are refused. The few relevant fields
are parsed here, so that colorizing with an exported model does not need the onnx package.
"""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from colorgan.errors import CheckpointError
from colorgan.files import SEAL, open_checkpoint, seal_digest, seal_of

_MAX_BYTES = 1 << 30
"""Larger models keep their weights in external files, which are refused anyway."""
_MAX_NODES = 20_000
_MAX_FIELDS = 1_000_000
"""Exported colorizers have about a thousand nodes and ten fields for each."""
_STANDARD_DOMAINS = (b"", b"ai.onnx")

# Field numbers of onnx.proto
_MODEL_GRAPH, _MODEL_METADATA, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 14, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_ATTRIBUTE_SPARSE = (22, 23)
_METADATA_KEY, _METADATA_VALUE = 1, 2
_TENSOR_TYPE, _TENSOR_RAW_DATA, _TENSOR_EXTERNAL_DATA, _TENSOR_LOCATION = 2, 9, 13, 14
_FLOAT_TYPES = {1: np.float32, 10: np.float16, 11: np.float64}

# Wire types of protocol buffers
_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def read_checked(file: Path) -> bytes:
    """Reads an ONNX file and refuses anything that no exported colorizer contains.

    Args:
        file: the file.

    Returns:
        The content of the file, for the runtime.

    Raises:
        CheckpointError: if the file is missing, damaged, or contains more than data and standard operators.
    """
    if not file.is_file():
        problem = "is not a file" if file.exists() else "does not exist"
        raise CheckpointError(f"{file} {problem}; give an .onnx file written by `colorgan export`")
    with open_checkpoint(file) as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise CheckpointError(f"{file} was refused: it is larger than 1 GiB, which no exported colorizer is")
    if (seal := seal_of(data)) is not None and seal != seal_digest(data):
        raise CheckpointError(f"{file} is damaged: its SHA-256 differs from that at its end; use another copy of it")
    try:
        _check_model(memoryview(data), file)
    except (IndexError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{file} is damaged or not an ONNX file; use another copy of it") from error
    return data


def sealed(model: bytes) -> bytes:
    """Appends the SHA-256 of a serialized model as its last metadata entry, so that any later change is found.

    Runtimes read the model as before: a protocol buffer is a sequence of fields in any order.
    """
    digits = hashlib.sha256().digest_size * 2
    key = bytes([_METADATA_KEY << 3 | _LENGTH_DELIMITED, len(SEAL)]) + SEAL
    value = bytes([_METADATA_VALUE << 3 | _LENGTH_DELIMITED, digits])
    entry = bytes([_MODEL_METADATA << 3 | _LENGTH_DELIMITED, len(key) + len(value) + digits]) + key + value
    return model + entry + hashlib.sha256(model + entry).hexdigest().encode("ascii")


def _check_model(model: memoryview, file: Path) -> None:
    graphs = []
    for number, value in _iter_fields(model, itertools.count()):
        if number in (_MODEL_FUNCTIONS, _MODEL_TRAINING):
            raise CheckpointError(f"{file} was refused: it defines functions, which no exported colorizer does")
        if number == _MODEL_GRAPH:
            graphs.append(_as_bytes(value))
    if len(graphs) != 1:
        raise CheckpointError(f"{file} is damaged or not an ONNX file; use another copy of it")
    num_nodes, counter = 0, itertools.count()
    for number, value in _iter_fields(graphs[0], counter):
        if number == _GRAPH_NODE:
            num_nodes += 1
            _check_node(_as_bytes(value), file, counter)
        elif number == _GRAPH_INITIALIZER:
            _check_tensor(_as_bytes(value), file, counter)
        elif number == _GRAPH_SPARSE:
            raise CheckpointError(f"{file} was refused: it contains sparse weights, which no exported colorizer does")
    if num_nodes > _MAX_NODES:
        raise CheckpointError(f"{file} was refused: it has {num_nodes:,} nodes, more than any exported colorizer")


def _check_node(node: memoryview, file: Path, counter: Iterator[int]) -> None:
    fields = list(_iter_fields(node, counter))
    operator = next(
        (bytes(_as_bytes(value)).decode("ascii", "replace") for number, value in fields if number == _NODE_OPERATOR), ""
    )
    for number, value in fields:
        if number == _NODE_DOMAIN and bytes(_as_bytes(value)) not in _STANDARD_DOMAINS:
            raise CheckpointError(f"{file} was refused: it needs {operator!r:.40}, which is not a standard operator")
        if number == _NODE_ATTRIBUTE:
            for attribute_number, content in _iter_fields(_as_bytes(value), counter):
                if attribute_number in _ATTRIBUTE_SPARSE:
                    raise CheckpointError(
                        f"{file} was refused: it contains sparse weights, which no exported colorizer does"
                    )
                if attribute_number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                    raise CheckpointError(
                        f"{file} was refused: it contains a loop or branch ({operator!r:.40}), which no exported "
                        "colorizer does"
                    )
                if attribute_number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                    _check_tensor(_as_bytes(content), file, counter)


def _check_tensor(tensor: memoryview, file: Path, counter: Iterator[int]) -> None:
    data_type, raw_data = 0, memoryview(b"")
    for number, value in _iter_fields(tensor, counter):
        if number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_LOCATION and value == 1):
            raise CheckpointError(f"{file} was refused: it keeps weights in another file; export it into one file")
        if number == _TENSOR_TYPE and isinstance(value, int):
            data_type = value
        elif number == _TENSOR_RAW_DATA:
            raw_data = _as_bytes(value)
    if data_type in _FLOAT_TYPES and not np.isfinite(np.frombuffer(raw_data, _FLOAT_TYPES[data_type])).all():
        raise CheckpointError(f"{file} cannot be used: it contains NaN or infinite weights; export it again")


def _as_bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("expected bytes, found an integer")
    return value


def _iter_fields(message: memoryview, counter: Iterator[int]) -> Iterator[tuple[int, int | memoryview]]:
    r"""Iterates over the fields of a protocol buffer message.

    Args:
        message: the message.
        counter: counts the fields of all messages in a file.

    Yields:
        The field number, and the integer or the bytes it contains.

    >>> [(number, bytes(value)) for number, value in _iter_fields(memoryview(b"\x12\x02hi"), itertools.count())]
    [(2, b'hi')]
    """
    position = 0
    while position < len(message):
        if next(counter) > _MAX_FIELDS:
            raise ValueError("more fields than any exported colorizer has")
        key, position = _read_varint(message, position)
        wire_type = key & 7
        if wire_type == _VARINT:
            value, position = _read_varint(message, position)
            yield key >> 3, value
            continue
        if wire_type == _LENGTH_DELIMITED:
            length, position = _read_varint(message, position)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError("unknown wire type")
        if position + length > len(message):
            raise ValueError("truncated field")
        yield key >> 3, message[position : position + length]
        position += length


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """Reads an integer, and returns it with the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("integer is too long")
