"""Released models on the Hugging Face Hub: its own client talks to a stand-in for the Hub on this machine."""

import base64
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from colorgan.errors import CheckpointError
from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference import hub
from colorgan.inference.shipped import shipped_model

FILES = ["config.yaml", "model.safetensors", "model.onnx", "README.md"]
PHOTO = SAMPLE_PHOTOS / "val" / "rocket_00.jpg"


class Hub:
    """Repositories of models: creating, committing and downloading, as far as the client asks for it."""

    def __init__(self) -> None:
        self.commits: dict[str, tuple[str, dict[str, bytes]]] = {}
        self.messages: list[str] = []
        self.requests: list[str] = []

    def commit(self, repository: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        files = dict(self.commits[repository][1])
        for line in lines:
            if line["key"] == "header":
                self.messages.append(line["value"]["summary"])
            else:
                assert line["key"] == "file"
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        sha = hashlib.sha1(str(len(self.messages)).encode()).hexdigest()
        self.commits[repository] = sha, files
        return {"commitOid": sha, "commitUrl": f"https://huggingface.co/{repository}/commit/{sha}"}


class Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes | Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.partition("?")[0]
        self.hub.requests.append(f"POST {path}")
        if self.headers["Authorization"] != "Bearer secret":
            self.answer(401, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            name = "/".join(filter(None, (json.loads(body).get("organization"), json.loads(body)["name"])))
            self.hub.commits.setdefault(name, ("0" * 40, {}))
            self.answer(200, {"url": f"https://huggingface.co/{name}", "name": name})
        elif path.endswith("/preupload/main"):
            files = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": file, "uploadMode": "regular", "shouldIgnore": False} for file in files]
            self.answer(200, {"files": modes})
        elif path.endswith("/commit/main"):
            repository = path.removeprefix("/api/models/").removesuffix("/commit/main")
            self.answer(200, self.hub.commit(repository, [json.loads(line) for line in body.splitlines()]))
        else:  # such as the check of the card
            self.answer(200, {})

    def do_GET(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        for repository, (sha, files) in self.hub.commits.items():
            if self.path.startswith((f"/api/models/{repository}/revision/", f"/api/models/{repository}?")) or (
                self.path == f"/api/models/{repository}"
            ):
                siblings = [{"rfilename": name} for name in files]
                self.answer(200, {"id": repository, "sha": sha, "siblings": siblings})
                return
            prefix = f"/api/models/{repository}/tree/"
            if self.path.startswith(prefix):
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": "0" * 40} for name, data in files.items()
                ]
                self.answer(200, tree)
                return
            prefix = f"/{repository}/resolve/"
            if self.path.startswith(prefix):
                data = files[self.path.removeprefix(prefix).partition("/")[2]]
                self.answer(200, data, ETag=f'"{hashlib.sha256(data).hexdigest()}"', X_Repo_Commit=sha)
                return
        self.answer(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Hub, dict[str, str]]]:
    """The stand-in, and the environment of a process that takes it for the Hub."""
    kind = type("OwnHandler", (Handler,), {"hub": Hub()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield (
            kind.hub,
            {
                **os.environ,
                "HF_ENDPOINT": f"http://127.0.0.1:{listening.server_address[1]}",
                "HF_HOME": str(tmp_path / "cache"),
                "HF_TOKEN": "secret",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            },
        )
        listening.shutdown()
        thread.join()


def run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_model_goes_to_the_hub_and_comes_back(server: tuple[Hub, dict[str, str]]) -> None:
    state, environment = server
    upload = f"from colorgan.inference.hub import upload; print(upload({str(shipped_model())!r}, 'someone/old-photos'))"
    address = run(upload, environment)
    sha, files = state.commits["someone/old-photos"]
    assert address == f"https://huggingface.co/someone/old-photos/commit/{sha}"
    assert state.messages == ["Release a model of colorgan"]
    assert files == {name: (shipped_model() / name).read_bytes() for name in FILES}
    download = (
        "import sys; from colorgan import Colorizer;"
        "colorizer = Colorizer.from_pretrained('someone/old-photos', token=False);"
        f"print(colorizer({str(PHOTO)!r}).size, 'torch' in sys.modules, type(colorizer.model).__name__)"
    )
    assert run(download, environment) == "(160, 160) False OnnxColorizer"
    state.requests.clear()  # the copy in the cache serves without the Hub
    offline = download.replace("token=False", "local_files_only=True")
    assert run(offline, environment) == "(160, 160) False OnnxColorizer"
    assert state.requests == []


def test_failures_are_one_sentence(server: tuple[Hub, dict[str, str]]) -> None:
    _, environment = server
    program = (
        "from colorgan import ColorganError, Colorizer\n"
        "from colorgan.inference.hub import upload\n"
        f"for call in (lambda: upload({str(shipped_model())!r}, 'someone/old-photos'),\n"
        "             lambda: Colorizer.from_pretrained('someone/none')):\n"
        "    try: call()\n"
        "    except ColorganError as error: print(error)\n"
    )
    first, second = run(program, {**environment, "HF_TOKEN": "wrong"}).splitlines()
    assert "could not be uploaded to someone/old-photos on the Hugging Face Hub (" in first
    assert "401" in first
    assert "no model of that name could be downloaded from the Hugging Face Hub (" in second


def test_only_released_models_are_uploaded(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is not a released model: it lacks config\.yaml"):
        hub.upload(tmp_path, "someone/old-photos")


def test_module_methods(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``PyTorchModelHubMixin``: a module is pushed by itself, or while it is saved."""
    from colorgan.inference import torch_colorizer

    uploads = []

    def upload(folder: str | Path, repo_id: str, **options: object) -> str:
        uploads.append((sorted(file.name for file in Path(folder).iterdir()), repo_id, options))
        return "address"

    monkeypatch.setattr(torch_colorizer, "upload", upload)
    colorizer = torch_colorizer.TorchColorizer.from_pretrained(model_folder)
    assert colorizer.push_to_hub("someone/tiny", card="# tiny", private=True) == "address"
    assert colorizer.save_pretrained(tmp_path / "tiny", push_to_hub=True, token="secret") == "address"
    assert colorizer.save_pretrained(tmp_path / "tiny", push_to_hub=True, repo_id="someone/other") == "address"
    assert colorizer.save_pretrained(tmp_path / "tiny") is None
    assert uploads == [
        (["README.md", "config.yaml", "model.safetensors"], "someone/tiny", {"private": True}),
        (["config.yaml", "model.safetensors"], "tiny", {"token": "secret"}),
        (["config.yaml", "model.safetensors"], "someone/other", {}),
    ]
