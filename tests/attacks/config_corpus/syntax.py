"""Files that are not the YAML that colorgan reads, or not files at all."""

from collections.abc import Iterator

from tests.attacks.config_corpus.call import GAN_CHECKPOINT, WITH_BAD, WrongConfiguration, in_file, on_command_line


def syntax() -> Iterator[WrongConfiguration]:
    """Files that are not the YAML that colorgan reads."""
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    texts: dict[str, tuple[str | bytes, str]] = {
        "tab": ("data:\n\tsize: 16", "line 2"),
        "bracket": ("data: {size: 16", "line 1"),
        "quote": ("data:\n  root: 'photos", "line 2"),
        "indentation": ("data:\n  size: 16\n seed: 1", "line 3"),
        "colon": ("data: size: 16", "line 1"),
        "two documents": ("data: {size: 16}\n---\nmodel: {}", "line 2"),
        "no anchor": ("data: *photos", "line 1"),
        "duplicate section": ("trainer: {max_epochs: 1}\ndata: {size: 16}\ntrainer: {devices: 1}", "'trainer'"),
        "duplicate key": ("data:\n  size: 16\n  size: 32", "'size'"),
        "duplicate in a class": (
            "model:\n  generator: {class_path: UNet, init_args: {width: 4, depth: 2, width: 8}}",
            "'width'",
        ),
        "python object": ("data: !!python/object/apply:os.system [touch owned]", "!!python/object/apply:os.system"),
        "binary tag": ("data: {root: !!binary aGVsbG8=}", "!!binary"),
        "include tag": ("data: !include other.yaml", "!include"),
        "set": ("data: !!set {size, root}", "!!set"),
        "aliases of aliases": (f"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{levels}", "50,000"),
        "alias inside itself": ("data: &a {root: *a}", "*a"),
        "merged aliases": (
            "a0: &a0 {x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"
            + "".join(f"a{n}: &a{n} {{y: *a{n - 1}, z: *a{n - 1}, <<: *a{n - 1}}}\n" for n in range(1, 20)),
            "50,000",
        ),
        "merge of a number": ("data: {<<: 3}", "<<"),
        "deep list": ("data: " + "[" * 5000, "deep"),
        "deep mapping": ("{a: " * 5000, "deep"),
        "deep block": ("- " * 5000, "deep"),
        "photo": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "UTF-8"),
        "nulls": (b"\0" * 100, "bad.yaml"),
        "UTF-16": ("data: {size: 16}".encode("utf-16"), "UTF-8"),
        "escape": ("data: {root: \x1b[31mred}", "U+001B"),
        "list key": ("[1, 2]: 3", "key"),
        "null key": ("null: 3", "null"),
        "big integer": ("seed_everything: " + "9" * 5000, "line 1"),
        "percent": ("%YAML 7.0\n---\ndata: {}", "bad.yaml"),
        "at sign": ("data: {root: @photos}", "quotes"),
        "JSON": ('{"data": {"size": 16,', "line 1"),
        "INI": ("[data]\nsize = 16\n", "bad.yaml"),
        "TOML": ("size = 16\n[data]\nroot = 'x'\n", "bad.yaml"),
        "Python": ("import os\nos.system('ls')\n", "bad.yaml"),
        "HTML": ("<!DOCTYPE html><html><body>404</body></html>", "bad.yaml"),
    }
    for name, (text, named) in texts.items():
        yield in_file("syntax", name, text, named)
    yield WrongConfiguration("syntax", "5 GiB", "fit", WITH_BAD, ("bad.yaml", "bytes"), sparse={"bad.yaml": 5 << 30})
    yield WrongConfiguration("syntax", "named pipe", "fit", WITH_BAD, ("bad.yaml",), pipe="bad.yaml")
    yield on_command_line("syntax", "text on the command line", ["-c", "{data: {size: 16"], "line 1")
    yield on_command_line("syntax", "duplicate on the command line", ["-c", "{data: {size: 16, size: 32}}"], "'size'")
    yield on_command_line(
        "syntax",
        "value on the command line",
        ["--data.train_transforms=[{class_path: a, class_path: b}]"],
        "train_transforms",
    )
    yield on_command_line(
        "syntax", "bomb on the command line", ["--trainer.callbacks=" + "[" * 3000], "trainer.callbacks"
    )
    yield WrongConfiguration(
        "syntax", "chroma", "chroma", ("fit", "-c", "bad.yaml"), ("'size'",), {"bad.yaml": b"data: {size: 1, size: 2}"}
    )
    yield WrongConfiguration(
        "syntax",
        "grid",
        "benchmark",
        ("bad.yaml", "--out", "out"),
        ("'seeds'",),
        {"bad.yaml": b"seeds: [1]\nseeds: [2]"},
    )
    yield WrongConfiguration(
        "syntax",
        "overlay of a grid",
        "benchmark",
        ("grid.yaml", "--out", "out", "-c", "bad.yaml"),
        ("bad.yaml", "line 1"),
        {"bad.yaml": b"data: [1"},
    )
    yield WrongConfiguration(
        "syntax", "pipe as a grid", "benchmark", ("bad.yaml", "--out", "out"), ("bad.yaml",), pipe="bad.yaml"
    )


def files() -> Iterator[WrongConfiguration]:
    """Files that are missing, or are not files."""
    yield on_command_line("file", "missing configuration", ["-c", "absent.yaml"], "absent.yaml")
    yield on_command_line("file", "folder as configuration", ["-c", "photos"], "photos")
    yield on_command_line("file", "empty name", ["-c", ""], "--config")
    yield on_command_line("file", "device as configuration", ["-c", "/dev/zero"], "/dev/zero")
    yield on_command_line("file", "no photos", "--data.root=nowhere", "nowhere")
    yield on_command_line("file", "no training photos", "--data.train=nowhere", "nowhere")
    yield on_command_line("file", "no validation photos", "--data.val=nowhere", "nowhere")
    yield on_command_line("file", "file as folder of photos", "--data.root=tiny.yaml", "tiny.yaml")
    yield on_command_line("file", "cache in a file", "--data.cache_dir=tiny.yaml", "tiny.yaml")
    yield on_command_line("file", "runs in a file", "--runs=tiny.yaml", "tiny.yaml")
    yield on_command_line("file", "no checkpoint", "--ckpt_path=absent.ckpt", "absent.ckpt")
    yield on_command_line("file", "no last checkpoint", "--ckpt_path=last", "last.ckpt")
    yield on_command_line("file", "no weights to begin with", "--model.init_from=absent.ckpt", "absent.ckpt")
    yield on_command_line("file", "no weights that match", "--model.init_from=absent/*.ckpt", "absent/*.ckpt")
    encoder = "{class_path: EncoderUNet, init_args: {weights: absent.safetensors, width: 4}}"
    yield on_command_line("file", "no encoder weights", [f"--model.generator={encoder}"], "absent.safetensors")
    yield on_command_line(
        "file",
        "nothing to colorize",
        f"--ckpt_path={GAN_CHECKPOINT} --data.predict=nowhere",
        "nowhere",
        command="predict",
    )
    yield on_command_line(
        "file", "nothing named to colorize", f"--ckpt_path={GAN_CHECKPOINT}", "--data.predict", command="predict"
    )
    yield on_command_line(
        "file",
        "output in a file",
        f"--ckpt_path={GAN_CHECKPOINT} --data.predict=photos --output=tiny.yaml",
        "tiny.yaml",
        command="predict",
    )
    yield on_command_line(
        "file",
        "array in a folder",
        f"--ckpt_path={GAN_CHECKPOINT} --data.predict=photos --npy=photos",
        "photos",
        command="predict",
    )
    yield on_command_line("file", "no grid", "absent.yaml --out out", "absent.yaml", command="benchmark")
    yield on_command_line(
        "file", "no overlay of a grid", "grid.yaml --out out -c absent.yaml", "absent.yaml", command="benchmark"
    )
    yield on_command_line(
        "file", "no system", "absent.ckpt --data.root=photos --out=out", "absent.ckpt", command="evaluate"
    )
    yield on_command_line(
        "file", "no reference photos", f"{GAN_CHECKPOINT} --data.root=nowhere --out=out", "nowhere", command="evaluate"
    )
    yield on_command_line(
        "file",
        "report in a file",
        f"{GAN_CHECKPOINT} --data.root=photos --out=tiny.yaml",
        "tiny.yaml",
        command="evaluate",
    )
    yield on_command_line("file", "grid in a file", "grid.yaml --out tiny.yaml", "tiny.yaml", command="benchmark")
