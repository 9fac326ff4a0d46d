"""What the attacks with photos run in the watched child: each entry with a model that takes no time."""

import json
import os
import sys
import tempfile
from pathlib import Path

from colorgan.cli import main
from colorgan.images import list_photos
from tests.helpers import QUICK_TRAINER, TINY_NETWORKS, Painter, TinyFeatures

FIT = f"""
seed_everything: 1
data: {{size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.2, skip_gray: false}}
model:
{TINY_NETWORKS}trainer:
{QUICK_TRAINER}  logger: false
  callbacks: [{{class_path: LastCheckpoint}}]
"""


def fit(folder: str, runs: str) -> int:
    """Trains a tiny model for an epoch."""
    config = Path(runs) / "tiny.yaml"
    config.write_text(FIT)
    return main(["fit", "-c", str(config), "--runs", runs, f"--data.root={folder}"])


def colorize(folder: str, output: str, *options: str) -> int:
    """Colorizes a folder."""
    import colorgan.inference

    colorgan.inference.open_models = lambda *_, **__: Painter()
    return main(["colorize", folder, "-o", output, *options])


def pack(folder: str, output: str) -> int:
    """Packs a folder into shards."""
    return main(["pack", folder, "-o", output, "--side", "16", "--val-fraction", "0.2", "--keep-gray"])


def evaluate(folder: str, images: str, out: str) -> int:
    """Measures a folder of images."""
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    import colorgan.evaluation.report.evaluation as evaluation

    FEATURE_EXTRACTORS_REGISTRY["tiny-test"] = TinyFeatures
    evaluation.JUDGE = "tiny-test"
    return main(["evaluate", f"theirs={images}", "--data.root", folder, "--out", out, "--size", "32"])


def upload(folder: str, results: str) -> int:
    """Uploads each regular file of a folder to the page, and writes the status and the answer by name as JSON."""
    from starlette.testclient import TestClient

    from colorgan.inference.card import ModelInfo
    from colorgan.web.server import ColorizationService, ServerSettings, create_app

    tempfile.tempdir = os.environ["TMPDIR"]
    service = ColorizationService(Painter(), None, 10_000_000)
    app = create_app(service, [ModelInfo("tiny", "", [], "")], ServerSettings(max_bytes=20_000_000))
    answers = {}
    with TestClient(app, base_url="http://localhost:7860", raise_server_exceptions=False) as client:
        for file in list_photos(folder):
            if not file.is_file() or file.stat().st_size > 1 << 28 or not file.resolve().is_relative_to(folder):
                continue
            name = file.relative_to(folder).as_posix()
            header = {"x-file-name": name.encode("ascii", "ignore").decode().replace("\n", "").replace("\x1b", "")}
            answer = client.post("/api/photos", content=file.read_bytes(), headers=header)
            answers[name] = (answer.status_code, answer.text[:1000])
            if answer.status_code == 201:
                key = answer.json()["key"]
                client.post(f"/api/photos/{key}/colorized", json={})
                client.delete(f"/api/photos/{key}")
    Path(results).write_text(json.dumps(answers))
    return 0


def read_mutations(count: int, seed: int) -> int:
    """Reads damaged files through the gate; the exit code is 1 if anything but a photo or a refusal comes of one."""
    import time

    from colorgan.images import UnreadableImage, read_photo
    from tests.attacks.photos_corpus import mutations

    read = refused = wrong = 0
    longest = 0.0
    for kind, data in mutations(count, seed):
        start = time.perf_counter()
        try:
            photo = read_photo(data, max_pixels=20_000_000)
            wrong += not (photo.rgb.ndim == 3 and photo.rgb.size > 0)
            read += 1
        except UnreadableImage as error:
            refused += 1
            wrong += "\n" in str(error) or len(str(error)) > 500
        except Exception as error:
            wrong += 1
            print(f"{kind}: {type(error).__name__} {error}", file=sys.stderr)
        longest = max(longest, time.perf_counter() - start)
    print(json.dumps({"tried": count, "read": read, "refused": refused, "wrong": wrong, "longest": round(longest, 2)}))
    return int(wrong > 0)
