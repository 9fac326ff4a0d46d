"""Reads what an offline run of Weights & Biases has stored, which is what ``wandb sync`` uploads."""

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from wandb.proto import wandb_internal_pb2 as protocol

_FILE_HEADER = 7
_BLOCK = 32768
_RECORD_HEADER = struct.Struct("<IHB")
_FULL, _LAST = 1, 4
_PATIENCE = 60.0
"""Seconds."""


@dataclass
class OfflineRun:
    """The contents of the ``.wandb`` file of a run.

    Attributes:
        folder: the folder of the run.
        id: id of the run.
        job_type: what it does.
        config: its configuration.
        history: one mapping per logged step.
        summary: final values.
        artifacts: its artifacts, without those that W&B keeps its tables in.
        tables: the artifacts of its tables.
    """

    folder: Path
    id: str = ""
    job_type: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: list[Any] = field(default_factory=list)
    tables: list[Any] = field(default_factory=list)

    def logged(self, key: str) -> list[Any]:
        """All values of a key."""
        return [step[key] for step in self.history if key in step]

    def table(self, key: str, position: int = -1) -> list[dict[str, Any]]:
        """The rows of a logged table, with its images as arrays (H, W, 3)."""
        tables = [files_of(artifact) for artifact in self.tables]
        files = [files for files in tables if f"{key}.table.json" in files][position]
        contents = json.loads(files[f"{key}.table.json"].read_text())
        return [
            {name: _cell(value, files) for name, value in zip(contents["columns"], row, strict=True)}
            for row in contents["data"]
        ]


def files_of(artifact: Any) -> dict[str, Path]:
    """Where the files of an artifact wait to be uploaded, by their names in it."""
    return {entry.path: Path(entry.local_path) for entry in artifact.manifest.contents}


def _cell(value: Any, files: dict[str, Path]) -> Any:
    if isinstance(value, dict) and value.get("_type") == "image-file":
        return np.asarray(Image.open(files[value["path"]]).convert("RGB"))
    return value


def read_run(folder: Path) -> OfflineRun:
    """Reads the run in a folder ``offline-run-…``, as soon as W&B's own process has written all of it.

    The file is a log of the format of LevelDB, with a header of its own.
    """
    (file,) = folder.glob("run-*.wandb")
    deadline = time.monotonic() + _PATIENCE
    while not (records := list(_records(file.read_bytes()))) or records[-1][0] != "exit":
        assert time.monotonic() < deadline, [kind for kind, _ in records]
        time.sleep(0.1)
    run = OfflineRun(folder)
    for kind, record in records:
        if kind == "run":
            run.id, run.job_type = record.run.run_id, record.run.job_type
            _update(run.config, record.run.config.update)
        elif kind == "config":
            _update(run.config, record.config.update)
        elif kind == "history":
            step: dict[str, Any] = {}
            _update(step, record.history.item)
            run.history.append(step)
        elif kind == "summary":
            _update(run.summary, record.summary.update)
        elif kind == "artifact":
            (run.tables if record.artifact.type == "run_table" else run.artifacts).append(record.artifact)
    return run


def _update(target: dict[str, Any], items: Any) -> None:
    for item in items:
        *path, key = item.nested_key or [item.key]
        place = target
        for name in path:
            place = place.setdefault(name, {})
        place[key] = json.loads(item.value_json)


def _records(content: bytes) -> Iterator[tuple[str, Any]]:
    """The complete records of a file, which may still be written."""
    position, parts = _FILE_HEADER, []
    while position + _RECORD_HEADER.size <= len(content):
        left = _BLOCK - position % _BLOCK
        if left < _RECORD_HEADER.size:
            position += left
            continue
        _, length, kind = _RECORD_HEADER.unpack_from(content, position)
        position += _RECORD_HEADER.size
        if position + length > len(content):
            return
        parts.append(content[position : position + length])
        position += length
        if kind in (_FULL, _LAST):
            record = protocol.Record.FromString(b"".join(parts))
            yield str(record.WhichOneof("record_type")), record
            parts = []
