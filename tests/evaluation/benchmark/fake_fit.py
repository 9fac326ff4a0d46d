"""A fake ``colorgan fit`` with the same arguments, folders and files, but without training.

Its overlays may set ``epochs``, ``seconds`` (per epoch), ``level`` (of the metric), ``fail`` (the error message) and
``kill`` (how many of its first starts are killed). ``val/l1`` is lowest for a ``model.reconstruction_weight`` of 100.
"""

import csv
import json
import math
import os
import signal
import sys
import time
from pathlib import Path

import yaml


def main() -> None:
    folder, settings, resumed, seed = Path(os.environ["COLORGAN_RUN_FOLDER"]), {}, None, 0
    arguments = iter(sys.argv[1:])
    for argument in arguments:
        if argument == "--config":
            settings |= yaml.safe_load(Path(next(arguments)).read_text()) or {}
        elif argument.startswith("--ckpt_path="):
            resumed = Path(argument.partition("=")[2])
        elif argument.startswith("--seed_everything="):
            seed = int(argument.partition("=")[2])
    with (folder / "starts.txt").open("a") as starts:
        starts.write(f"{os.getpid()} {resumed.read_text() if resumed else 0}\n")
    if "fail" in settings:
        sys.exit(f"warning: about to fail\nerror: {settings['fail']}\n(`colorgan fit --help` lists all options)")
    if "kill" in settings and json.loads((folder / "attempts.json").read_text())["count"] <= settings["kill"]:
        os.kill(os.getpid(), signal.SIGKILL)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    for epoch in range(int(resumed.read_text()) if resumed else 0, settings.get("epochs", 2)):
        time.sleep(settings.get("seconds", float(os.environ.get("COLORGAN_FAKE_SECONDS", "0"))))
        weight = settings.get("model", {}).get("reconstruction_weight", 100.0)
        l1 = abs(math.log10(weight) - 2) + 1 / (epoch + 1)
        log(folder, epoch, settings.get("level", 50.0) + seed + 10.0 / (epoch + 1), l1)
        (folder / "checkpoints").mkdir(exist_ok=True)
        (folder / "checkpoints" / "last.ckpt").write_text(str(epoch + 1))
        if stopped:
            sys.exit(143)


def log(folder: Path, epoch: int, distance: float, l1: float = 0.5) -> None:
    file = folder / "metrics.csv"
    new = not file.exists()
    with file.open("a", newline="") as stream:
        writer = csv.writer(stream)
        if new:
            writer.writerow(["epoch", "step", "train/l1", "val/fd", "val/fd_gray", "val/psnr", "val/l1"])
        writer.writerow([epoch, epoch * 10, 0.5 / (epoch + 1), "", "", "", ""])
        writer.writerow([epoch, epoch * 10 + 9, "", distance, 120.0 if epoch == 0 else "", 20.0 + epoch, l1])


if __name__ == "__main__":
    main()
