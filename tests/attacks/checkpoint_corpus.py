"""Hostile checkpoints, each made from a genuine one by code."""

import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from colorgan.cli import main
from tests.helpers import picture

CONFIG = """
seed_everything: 1
data: {root: photos, size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.25}
model:
  generator: {class_path: UNet, init_args: {width: 4, depth: 2}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
  generator_scheduler: {class_path: torch.optim.lr_scheduler.ExponentialLR, init_args: {gamma: 0.9}}
trainer:
  accelerator: cpu
  precision: 32-true
  max_epochs: 2
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
  logger: false
  callbacks:
    - {class_path: SampleSheet, init_args: {num_photos: 2}}
    - {class_path: BestCheckpoint, init_args: {monitor: val/l1}}
    - {class_path: LastCheckpoint}
"""
"""A run of a few seconds; ``photos`` is in the working directory."""

Contents = dict[str, Any]


def train_genuine(folder: Path) -> Path:
    """Trains a tiny model for one epoch in a folder, and returns its last checkpoint."""
    (folder / "photos").mkdir(parents=True)
    for seed in range(8):
        picture(seed).save(folder / "photos" / f"{seed}.png")
    (folder / "tiny.yaml").write_text(CONFIG)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert main(["fit", "-c", "tiny.yaml", "--trainer.max_epochs=1", "--runs=genuine"]) == 0
    finally:
        os.chdir(before)
    (file,) = folder.glob("genuine/*/*/checkpoints/last.ckpt")
    return file


# -- contents that are well-formed for torch, but not for colorgan -----------------------------------------------------


def deep(levels: int = 300) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def laughs(levels: int = 40) -> list[Any]:
    """A list that takes 2 ** 40 steps to walk, in a few hundred bytes."""
    value: list[Any] = ["ha"]
    for _ in range(levels):
        value = [value, value]
    return value


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


VALUES: dict[str, Callable[[], Any]] = {
    "list": lambda: [1, 2],
    "text": lambda: "\x1b[31mred\x07",
    "none": lambda: None,
    "integer": lambda: 1 << 70,
    "deep": deep,
    "laughs": laughs,
    "endless": endless,
    "many": lambda: {str(number): number for number in range(150_000)},
}
PARTS = (
    "state_dict", "hyper_parameters", "callbacks", "optimizer_states", "lr_schedulers", "loops", "epoch",
    "global_step", "pytorch-lightning_version",
)  # fmt: skip


def set_at(*path: Any) -> Callable[[Contents, Any], None]:
    def change(contents: Contents, value: Any) -> None:
        place: Any = contents
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def first_tensor(contents: Contents) -> str:
    return next(name for name, tensor in contents["state_dict"].items() if tensor.is_floating_point())


def optimizer_values(contents: Contents) -> Contents:
    values: Contents = contents["optimizer_states"][0]["state"][0]
    return values


def _paths(value: str) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        for state in contents["callbacks"].values():
            for key in ("best_model_path", "kth_best_model_path", "last_model_path", "dirpath"):
                if key in state:
                    state[key] = value
            if "best_k_models" in state:
                state["best_k_models"] = {value: torch.tensor(9.0)}

    return change


def _class(name: str, init_args: Any = None) -> Contents:
    return {"class_path": name, "init_args": {} if init_args is None else init_args}


_UNET = "colorgan.models.UNet"
ARGUMENTS: dict[str, tuple[str, Any]] = {
    "unknown package": ("generator", _class("colorgan.x")),
    "unknown class": ("generator", _class("colorgan.models.Unet")),
    "module": ("generator", _class("colorgan.cli.main")),
    "program": ("generator", _class("os.system", {"command": "touch owned"})),
    "stranger's module": ("generator", _class("stranger.Net")),
    "escape sequence": ("generator", _class("colorgan.models.\x1b[2J\x1b]0;owned\x07")),
    "long name": ("generator", _class("colorgan.models." + "x" * 500_000)),
    "nul": ("generator_optimizer", _class("torch.optim.\0.Adam")),
    "no module": ("generator_optimizer", _class("torch.optim.")),
    "function": ("generator_optimizer", _class("torch.optim.lr_scheduler.warnings.warn")),
    "another role": ("generator", _class("torch.optim.Adam")),
    "abstract": ("generator", _class("colorgan.models.Generator")),
    "no mapping": ("generator", [_UNET]),
    "number": ("generator", 5),
    "list of arguments": ("generator", _class(_UNET, [1, 2])),
    "unknown argument": ("generator", _class(_UNET, {"breadth": 4})),
    "mapping as argument": ("generator", _class(_UNET, {"width": {"class_path": "os.system"}})),
    "text as argument": ("generator", _class(_UNET, {"width": "wide", "depth": 2})),
    "deep network": ("generator", _class(_UNET, {"width": 1, "depth": 60_000})),
    "deeper network": ("generator", _class("colorgan.models.FlatUNet", {"width": 1, "depth": 60_000})),
    "wide network": ("generator", _class(_UNET, {"width": 60_000, "depth": 2})),
    "many widths": ("generator", _class("colorgan.models.WeirdNet", {"widths": [1] * 200_000})),
    "some widths": ("generator", _class("colorgan.models.WeirdNet", {"widths": [1] * 1_500})),
    "few widths": ("generator", _class("colorgan.models.WeirdNet", {"widths": [1] * 200})),
    "many layers": ("generator", _class("colorgan.models.PlainCNN", {"layers": 60_000, "kernels": 1})),
    "large kernel": ("generator", _class("colorgan.models.PlainCNN", {"kernel_size": 65_535, "kernels": 60_000})),
    "huge integer": ("generator", _class(_UNET, {"width": 1 << 80})),
    "infinite": ("generator", _class(_UNET, {"dropout": float("inf")})),
    "huge encoder": ("generator", _class("colorgan.models.EncoderUNet", {"encoder": "convnext_xxlarge"})),
    "encoder of a hub": ("generator", _class("colorgan.models.EncoderUNet", {"encoder": "hf-hub:stranger/net"})),
    "list as encoder": ("generator", _class("colorgan.models.EncoderUNet", {"encoder": ["resnet10t"]})),
    "weights file": ("generator", _class("colorgan.models.EncoderUNet", {"weights": "/dev/zero"})),
    "regressor file": (
        "generator",
        _class("colorgan.models.EncoderDecoder", {"mean_color": True, "regressor": "/**/*.ckpt"}),
    ),
    "deep discriminator": ("discriminator", _class("colorgan.models.PatchGAN", {"num_downsamples": 60_000})),
    "wide discriminator": ("discriminator", _class("colorgan.models.PatchGAN", {"width": 65_000})),
    "fixed size": ("discriminator", _class("colorgan.models.ConvLinear", {"hidden": 65_000})),
    "unknown discriminator": ("discriminator", _class("colorgan.models.Critic")),
    "size 12000": ("image_size", 12_000),
    "size -1": ("image_size", -1),
    "size text": ("image_size", "large"),
    "rate text": ("generator_optimizer", _class("torch.optim.Adam", {"lr": "fast"})),
    "rate negative": ("generator_optimizer", _class("torch.optim.Adam", {"lr": -1.0})),
    "rate huge": ("generator_optimizer", _class("torch.optim.Adam", {"lr": 1e300})),
    "other optimizer": ("generator_optimizer", _class("torch.optim.LBFGS", {"lr": 1.0})),
    "scheduler arguments": ("generator_scheduler", _class("torch.optim.lr_scheduler.StepLR", {"step_size": 0})),
    "scheduler role": ("generator_scheduler", _class("torch.optim.Adam", {})),
    "schedule list": ("schedule", [1]),
    "schedule unknown": ("schedule", {"x": 1}),
    "color space": ("color_space", _class("colorgan.models.HSV", {"hue": "\x1b[5m"})),
    "hints": ("hints", _class("colorgan.models.PointHints", {"max_points": 1 << 40})),
    "initial weights": ("init_from", "/dev/zero"),
    "pattern": ("init_from", "/**/*"),
    "weight text": ("reconstruction_weight", "heavy"),
    "unknown": ("colorgan", {"x": 1}),
    "decay": ("ema_decay", 7.0),
}

CONTENTS: dict[str, Callable[[Contents], None]] = {
    **{
        f"{part} is {kind}": lambda contents, part=part, make=make: contents.__setitem__(part, make())  # type: ignore[misc]
        for part in PARTS
        for kind, make in VALUES.items()
        if kind in ("list", "text", "none") or part in ("hyper_parameters", "callbacks", "loops")
    },
    **{
        f"argument: {name}": lambda contents, key=key, value=value: contents["hyper_parameters"].update({key: value})  # type: ignore[misc]
        for name, (key, value) in ARGUMENTS.items()
    },
    "argument: name is a number": lambda c: c["hyper_parameters"].update({5: 1}),
    "paths: up": _paths("../../.."),
    "paths: long": _paths("/" + "x" * 5000 + ".ckpt"),
    "paths: nul": _paths("a\0b.ckpt"),
    "paths: number": lambda c: [s.update(best_model_path=5) for s in c["callbacks"].values()] and None,
    "callbacks: texts": lambda c: c["callbacks"].update(SampleSheet="x"),
    "callbacks: chosen": lambda c: c["callbacks"].update(SampleSheet={"chosen": [1]}),
    "callbacks: scores": lambda c: [s.update(best_k_models={"a.ckpt": "x"}) for s in c["callbacks"].values()] and None,
    "callbacks: score": lambda c: [s.update(best_model_score="x") for s in c["callbacks"].values()] and None,
    "working size 12000": lambda c: c["state_dict"].update({"colorizer.working_size": torch.tensor(12_000)}),
    "working size float": lambda c: c["state_dict"].update({"colorizer.working_size": torch.tensor(float("nan"))}),
    "working sizes": lambda c: c["state_dict"].update({"colorizer.working_size": torch.ones(2, dtype=torch.int64)}),
    "weights: endless": lambda c: c["state_dict"].update({first_tensor(c): torch.zeros(1).expand(10**12)}),
    "weights: NaN": lambda c: torch.nn.init.constant_(c["state_dict"][first_tensor(c)], float("nan")) is None,
    "weights: complex": lambda c: c["state_dict"].update({first_tensor(c): torch.ones(3, dtype=torch.complex64)}),
    "weights: float8": lambda c: c["state_dict"].update({first_tensor(c): torch.ones(3).to(torch.float8_e5m2)}),
    "weights: text": lambda c: c["state_dict"].update({first_tensor(c): "x"}),
    "weights: other shape": lambda c: c["state_dict"].update({first_tensor(c): torch.ones(3)}),
    "weights: missing": lambda c: c["state_dict"].pop(first_tensor(c)) is None,
    "weights: more": lambda c: c["state_dict"].update(more=torch.ones(1)),
    "weights: numbered": lambda c: c["state_dict"].update({7: torch.ones(1)}),
    "weights: none": lambda c: c["state_dict"].clear(),
    "weights: sparse": lambda c: c["state_dict"].update({first_tensor(c): torch.eye(3).to_sparse()}),
    "weights: views": lambda c: c["state_dict"].update(
        {f"v{i}": tensor for tensor in [torch.ones(100_000)] for i in range(1000)}
    ),
    "weights: escape sequence": lambda c: c["state_dict"].update({"\x1b[2Jx": torch.ones(1)}),
    "optimizer: endless": lambda c: optimizer_values(c).update(exp_avg=torch.zeros(1).expand(10**11)),
    "optimizer: NaN": lambda c: torch.nn.init.constant_(optimizer_values(c)["exp_avg"], float("nan")) is None,
    "optimizer: other shape": lambda c: optimizer_values(c).update(exp_avg=torch.ones(17)),
    "optimizer: larger": lambda c: optimizer_values(c).update(
        exp_avg=torch.ones(100, *optimizer_values(c)["exp_avg"].shape)
    ),
    "optimizer: one value": lambda c: optimizer_values(c).update(exp_avg=torch.ones(1)),
    "optimizer: end of a storage": lambda c: optimizer_values(c).update(
        exp_avg=torch.ones(1000)[999:].as_strided(optimizer_values(c)["exp_avg"].shape, (0, 0, 0, 0))
    ),
    "optimizer: missing value": lambda c: optimizer_values(c).pop("exp_avg") is None,
    "optimizer: text": lambda c: optimizer_values(c).update(step="x"),
    "optimizer: rate": lambda c: c["optimizer_states"][0]["param_groups"][0].update(lr="x"),
    "optimizer: rate NaN": lambda c: c["optimizer_states"][0]["param_groups"][0].update(lr=float("nan")),
    "optimizer: betas": lambda c: c["optimizer_states"][0]["param_groups"][0].update(betas=[0.5]),
    "optimizer: without betas": lambda c: c["optimizer_states"][0]["param_groups"][0].pop("betas") and None,
    "optimizer: groups": lambda c: c["optimizer_states"][0].update(param_groups={}),
    "optimizer: no groups": lambda c: c["optimizer_states"][0].update(param_groups=[]),
    "optimizer: params": lambda c: c["optimizer_states"][0]["param_groups"][0].update(params="x"),
    "optimizer: one": lambda c: c["optimizer_states"].pop() and None,
    "optimizer: none": lambda c: c.pop("optimizer_states") and None,
    "scheduler: method": lambda c: c["lr_schedulers"][0].update(step=5),
    "scheduler: optimizer": lambda c: c["lr_schedulers"][0].update(optimizer={}),
    "scheduler: text": lambda c: c["lr_schedulers"][0].update(last_epoch="x", _last_lr="x"),
    "scheduler: rates": lambda c: c["lr_schedulers"][0].update(base_lrs=5, gamma="x"),
    "scheduler: list": lambda c: c.update(lr_schedulers=[[1]]),
    "loops: empty": lambda c: c.update(loops={}),
    "loops: list": lambda c: c.update(loops={"fit_loop": []}),
    "loops: flat": lambda c: c["loops"]["fit_loop"].update(epoch_progress=3),
    "loops: text": lambda c: c["loops"]["fit_loop"].update({"epoch_loop.batch_progress": {"total": "x"}}),
    "loops: huge": lambda c: c["loops"]["fit_loop"]["epoch_progress"]["current"].update(completed=1 << 62),
    "loops: negative": lambda c: c["loops"]["fit_loop"]["epoch_progress"]["current"].update(completed=-1),
    "loops: method": lambda c: c["loops"]["fit_loop"]["epoch_progress"].update(increment_ready=3),
    "loops: loaders": lambda c: c["loops"]["fit_loop"]["state_dict"].update(combined_loader=[3]),
    "version: future": lambda c: c.update({"pytorch-lightning_version": "999.9.9"}),
    "version: ancient": lambda c: c.update({"pytorch-lightning_version": "0.7.0"}),
    "version: none": lambda c: c.pop("pytorch-lightning_version") is None,
    "epoch: huge": lambda c: c.update(epoch=1 << 62, global_step=1 << 62),
    "epoch: negative": lambda c: c.update(epoch=-1),
    "precision": lambda c: c.update(precision="\x1b[31m"),
    "more: set": lambda c: c.update(more={1, 2}),
    "more: bytes": lambda c: c.update(more=bytearray(100)),
    "more: complex": lambda c: c.update(more=1j),
    "more: NumPy": lambda c: c.update(more=np.float64(1.0)),
    "more: class": lambda c: c.update(more=OrderedDict),
    "more: path": lambda c: c.update(more=Path("x")),
}


# -- files that are not what torch writes ------------------------------------------------------------------------------


class _Call:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def _archive(description: bytes, **more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", description)
        for name, content in {"version": b"3\n", "byteorder": b"little", **more}.items():
            archive.writestr(f"a/{name}", content)
    return buffer.getvalue()


def _pickled(**more: Any) -> bytes:
    return _archive(pickle.dumps({"state_dict": {}, "hyper_parameters": {}, **more}, protocol=2))


def _rewritten(genuine: Path, change: Callable[[zipfile.ZipFile, zipfile.ZipFile], None], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(genuine) as source, zipfile.ZipFile(buffer, "w", **options) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
        change(source, target)
    return buffer.getvalue()


def _lying_end(genuine: Path) -> bytes:
    data = bytearray(genuine.read_bytes())
    position = data.rfind(b"PK\x06\x06")
    data[position + 24 : position + 40] = struct.pack("<QQ", 1 << 40, 1 << 40)
    return bytes(data)


def _many_entries(_: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(70_000):
            archive.writestr(zipfile.ZipInfo(f"a/{number}"), b"")
    return buffer.getvalue()


BYTES: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda _: b"",
    "noise": lambda _: np.random.default_rng(0).bytes(5000),
    "text": lambda _: b"not a checkpoint\n" * 100,
    "truncated": lambda genuine: genuine.read_bytes()[:-1000],
    "half": lambda genuine: genuine.read_bytes()[: genuine.stat().st_size // 2],
    "pickled program": lambda _: pickle.dumps(_Call(os.system, "touch owned")),
    "archived program": lambda _: _pickled(more=_Call(os.system, "touch owned")),
    "archived import": lambda _: _archive(b"\x80\x02cstranger\nNet\n."),
    "archived eval": lambda _: _pickled(more=_Call(eval, "open('owned', 'w')")),
    "gigabytes of zeros": lambda _: _pickled(more=_Call(bytearray, 10**11)),
    "gigabytes of floats": lambda _: _pickled(more=_Call(torch.FloatTensor, 10**10)),
    "storage": lambda _: _pickled(more=_Call(torch.UntypedStorage, 10**11)),
    "far memory": lambda _: _archive(b"\x80\x02}r\xff\xff\xff\x7f."),
    "million lists": lambda _: _archive(b"\x80\x02" + b"]" * (7 << 20) + b"."),
    "too many lists": lambda _: _archive(b"\x80\x02" + b"]" * (20 << 20) + b"."),
    "deep lists": lambda _: _archive(b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."),
    "no end": lambda _: _archive(b"\x80\x02}"),
    "stack": lambda _: _archive(b"\x80\x02a."),
    "number of digits": lambda _: _archive(b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b"."),
    "old opcodes": lambda _: _archive(b"I5\n."),
    "foreign pickle": lambda _: _archive(pickle.dumps({"state_dict": {}, "hyper_parameters": {}}, protocol=4)),
    "compressed": lambda genuine: _rewritten(genuine, lambda *_: None, compression=zipfile.ZIP_DEFLATED),
    "compressed zeros": lambda genuine: _rewritten(
        genuine, lambda _, target: target.writestr("a/z", bytes(300 << 20)), compression=zipfile.ZIP_DEFLATED
    ),
    "two descriptions": lambda genuine: _rewritten(
        genuine, lambda source, target: target.writestr("b/data.pkl", b"\x80\x02}.")
    ),
    "lying end": _lying_end,
    "many entries": _many_entries,
    "prefix": lambda genuine: b"#!/bin/sh\n" + genuine.read_bytes(),
    "suffix": lambda genuine: genuine.read_bytes() + b"more",
}


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as stream:
        stream.truncate(size)


def _copy(genuine: Path, file: Path) -> None:
    contents = torch.load(genuine, weights_only=True)
    torch.save(contents, file)  # neither sealed nor with a digest file


def _with_sidecar(make: Callable[[Path], object]) -> Callable[[Path, Path], None]:
    def write(genuine: Path, file: Path) -> None:
        _copy(genuine, file)
        make(file.with_name(f"{file.name}.sha256"))

    return write


def _with_paths(scheme: str, name: str) -> Callable[[Path, Path], None]:
    """Names something next to the checkpoint's folder as what training may delete."""

    def write(genuine: Path, file: Path) -> None:
        contents = torch.load(genuine, weights_only=True)
        _paths(f"{scheme}{file.parent.parent}/{name}")(contents)
        torch.save(contents, file)

    return write


FILES: dict[str, Callable[[Path, Path], None]] = {
    "paths: folder": _with_paths("", "valuable"),
    "paths: local folder": _with_paths("local://", "valuable"),
    "paths: file URL": _with_paths("file://", "valuable"),
    "paths: checkpoint": _with_paths("", "valuable/best.ckpt"),
    "paths: local checkpoint": _with_paths("local://", "valuable/best.ckpt"),
    "pipe": lambda _, file: os.mkfifo(file),
    "folder": lambda _, file: file.mkdir(),
    "endless device": lambda _, file: file.symlink_to("/dev/zero"),
    "link to itself": lambda _, file: file.symlink_to(file),
    "hole": lambda _, file: _sparse(file, 5 << 30),
    "missing": lambda _, file: None,
    "sidecar of 5 GiB": _with_sidecar(lambda sidecar: _sparse(sidecar, 5 << 30)),
    "sidecar pipe": _with_sidecar(os.mkfifo),
    "sidecar folder": _with_sidecar(Path.mkdir),
    "sidecar noise": _with_sidecar(lambda sidecar: sidecar.write_bytes(bytes(range(256)))),
    "sidecar of another file": _with_sidecar(lambda sidecar: sidecar.write_text("0" * 64 + "  other.ckpt\n")),
}


def checkpoints(genuine: Path, folder: Path, names: list[str] | None = None) -> Iterator[tuple[str, Path]]:
    """Writes hostile checkpoints, one after the other, each as the only file of a folder.

    Args:
        genuine: the checkpoint they are made from.
        folder: a folder for theirs.
        names: which. Default: all.
    """
    every = [*CONTENTS, *BYTES, *FILES]
    for number, name in enumerate(every):
        if names is not None and name not in names:
            continue
        place = folder / f"{number:03d}"
        place.mkdir(parents=True)
        file = place / "hostile.ckpt"
        if name in CONTENTS:
            contents = torch.load(genuine, weights_only=True)
            CONTENTS[name](contents)
            buffer = io.BytesIO()
            torch.save(contents, buffer)
            file.write_bytes(buffer.getvalue())
        elif name in BYTES:
            file.write_bytes(BYTES[name](genuine))
        else:
            FILES[name](genuine, file)
        yield name, file


# -- released models ---------------------------------------------------------------------------------------------------


def aliases(levels: int = 40) -> str:
    """A YAML document of a kilobyte that describes 2 ** 40 values."""
    lines = ["a0: &a0 [ha, ha]"]
    lines += [f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, levels)]
    return "\n".join(lines) + "\n"


RELEASED: dict[str, Callable[[dict[str, Any]], str]] = {
    "aliases": lambda config: yaml.safe_dump(config) + aliases(),
    "merged aliases": lambda config: (
        yaml.safe_dump(config)
        + "m0: &m0 {x: 1}\n"
        + "".join(f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 40))
    ),
    "deep": lambda _: "[" * 50_000,
    "long": lambda config: yaml.safe_dump(config) + "#" * (2 << 20),
    "size 12000": lambda config: yaml.safe_dump({**config, "size": 12_000}),
    "digits": lambda config: yaml.safe_dump(config) + "more: " + "9" * 5000,
    "program": lambda config: yaml.safe_dump(config) + "more: !!python/object/apply:os.system ['touch owned']\n",
    "deep network": lambda config: yaml.safe_dump({**config, "generator": _class(_UNET, {"depth": 60_000})}),
    "list": lambda config: yaml.safe_dump({**config, "hints": [1]}),
    "digest": lambda config: yaml.safe_dump({**config, "sha256": ["x"]}),
    "hints": lambda config: yaml.safe_dump({**config, "hints": {"class_path": "colorgan.x"}}),
}
"""The config.yaml of hostile released models, made from a genuine one."""
