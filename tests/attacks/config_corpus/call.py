"""What the wrong configurations are made of: right ones, and the call that is wrong."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import QUICK_TRAINER, TINY_NETWORKS

TINY = f"""\
seed_everything: 1
data: {{root: photos, size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.25}}
model:
{TINY_NETWORKS}trainer:
{QUICK_TRAINER}  logger: [{{class_path: colorgan.training.MetricsFile}}]
  callbacks:
    - {{class_path: BestCheckpoint, init_args: {{monitor: val/l1}}}}
    - {{class_path: LastCheckpoint}}
"""
CHROMA = f"""\
seed_everything: 1
data: {{root: photos, size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.25}}
model: {{width: 2, num_downsamples: 2}}
trainer:
{QUICK_TRAINER}  logger: [{{class_path: colorgan.training.MetricsFile}}]
  callbacks: [{{class_path: BestCheckpoint, init_args: {{monitor: val/mse}}}}, {{class_path: LastCheckpoint}}]
"""
GRID = """\
title: small
metrics: [val/l1]
seeds: [1]
base: [tiny.yaml]
groups:
  widths:
    axes:
      width:
        two: {model: {generator: {init_args: {width: 2}}}}
        four: {model: {generator: {init_args: {width: 4}}}}
"""
GAN_CHECKPOINT, CHROMA_CHECKPOINT = "gan.ckpt", "chroma.ckpt"


@dataclass(frozen=True)
class WrongConfiguration:
    """A call that must be refused.

    Attributes:
        kind: what is wrong with it, in one word.
        name: unique name.
        command: the command.
        args: its arguments.
        named: what the message must contain: the key or the file.
        files: contents of files by name.
        sparse: sizes of files that take no space, by name.
        pipe: name of a named pipe.
    """

    kind: str
    name: str
    command: str
    args: tuple[str, ...]
    named: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    sparse: dict[str, int] = field(default_factory=dict)
    pipe: str = ""

    def write(self, folder: Path) -> None:
        """Writes its files into a folder, in which the command then runs."""
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for name, size in self.sparse.items():
            with (folder / name).open("wb") as stream:
                stream.truncate(size)


FIT = ("-c", "tiny.yaml")
WITH_BAD = (*FIT, "-c", "bad.yaml")


def in_file(kind: str, name: str, content: str | bytes, *named: str) -> WrongConfiguration:
    data = content.encode() if isinstance(content, str) else content
    return WrongConfiguration(kind, name, "fit", WITH_BAD, named, {"bad.yaml": data})


def on_command_line(
    kind: str, name: str, options: str | list[str], *named: str, command: str = "fit"
) -> WrongConfiguration:
    args = options.split() if isinstance(options, str) else options
    base = {"fit": FIT, "lr-find": FIT}.get(command, ())
    return WrongConfiguration(kind, name, command, (*base, *args), named)
