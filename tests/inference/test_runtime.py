import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from colorgan.inference.runtime import import_onnxruntime
from tests.helpers import REPOSITORY

COLORIZE = f"""
import numpy as np
from colorgan.inference import open_model
model = open_model({str(REPOSITORY / "checkpoints" / "colorgan-photos" / "model.onnx")!r})
model.predict_chroma([np.zeros((32, 32, 3), np.uint8)])
"""


def test_onnxruntime_collects_no_usage_data(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", COLORIZE], check=True, env=environment)
    assert list(tmp_path.rglob("*")) == []  # telemetry begins with an identifier on the disk


def test_choice_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = ModuleType("onnxruntime")
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert import_onnxruntime() is runtime
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"
