import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from colorgan.cli import main
from colorgan.images import SAMPLE_PHOTOS
from tests.helpers import REPOSITORY, Painter

CHECKPOINTS = REPOSITORY / "checkpoints"


@pytest.fixture
def start_server(tmp_path: Path, model_folder: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts ``colorgan app`` in a subprocess; returns the process and the URL that it prints."""
    processes = []
    (tmp_path / "tmp").mkdir()

    def start(*args: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "colorgan",
                "app",
                "--checkpoint",
                str(model_folder),
                "--port",
                "0",
                *args,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "TMPDIR": str(tmp_path / "tmp"),
                "DISPLAY": "",
                "WAYLAND_DISPLAY": "",
                "OMP_NUM_THREADS": "1",
            },
        )
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("colorgan is running at http://"), process.communicate()
        return process, line.split()[4]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_several_models_are_mixed(
    start_server: Callable[..., tuple[subprocess.Popen[str], str]], model_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(model_folder, tmp_path / "second")
    _, url = start_server("--checkpoint", str(tmp_path / "second"), "--mix", "0.3")
    info = json.load(urllib.request.urlopen(f"{url}api/info", timeout=20))
    assert info["models"] == [model_folder.name, "second"]
    assert info["model"]["name"] == model_folder.name


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("stop_signal", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
def test_server_runs_until_signaled_and_deletes_its_files(
    start_server: Callable[..., tuple[subprocess.Popen[str], str]],
    tmp_path: Path,
    model_folder: Path,
    stop_signal: str,
) -> None:
    process, url = start_server()
    assert url.startswith("http://127.0.0.1:")
    info = json.load(urllib.request.urlopen(f"{url}api/info", timeout=20))
    assert info["model"]["name"] == model_folder.name
    photo = (SAMPLE_PHOTOS / "val" / "rocket_00.jpg").read_bytes()
    request = urllib.request.Request(f"{url}api/photos", photo, {"content-type": "application/octet-stream"})
    assert json.load(urllib.request.urlopen(request, timeout=20))["width"] == 160
    assert list((tmp_path / "tmp").glob("colorgan-*/*/photo"))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(url, headers={"host": "evil.example"}), timeout=20)

    process.send_signal(getattr(signal, stop_signal))
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + getattr(signal, stop_signal)
    assert errors == f"stopped on {stop_signal}\n"
    assert list((tmp_path / "tmp").glob("colorgan-*")) == []


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Records servers instead of running them, and replaces the model with a fake."""
    recorded: list[Any] = []
    monkeypatch.setattr("colorgan.inference.open_models", lambda *_: Painter())
    monkeypatch.setattr(
        "uvicorn.Server.run", lambda server, sockets: recorded.append((server, sockets[0].getsockname()))
    )
    return recorded


def test_public_address_is_opt_in_and_prints_a_warning(
    servers: list[Any], model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["app", "--checkpoint", str(model_folder), "--port", "0", "--no-browser"]
    assert main(args) == 0
    assert servers[0][1][0] == "127.0.0.1"
    assert capsys.readouterr().err == ""
    assert main([*args, "--host", "0.0.0.0"]) == 0
    assert servers[1][1][0] == "0.0.0.0"
    output = capsys.readouterr()
    assert f"http://{socket.gethostname()}:" in output.out
    assert "warning: anyone who can reach" in output.err
    assert "no password and no encryption" in output.err


def test_browser_is_opened_only_with_a_display(
    servers: list[Any], model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("colorgan.cli.serving._open_browser", opened.append)
    monkeypatch.setattr(sys, "platform", "linux")
    args = ["app", "--checkpoint", str(model_folder), "--port", "0"]
    for display, expected in (("", 0), (":0", 1)):
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        main(args)
        assert len(opened) == expected
    monkeypatch.setenv("DISPLAY", ":0")
    main([*args, "--no-browser"])
    assert len(opened) == 1


def test_port_in_use_is_an_error(servers: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"error: cannot listen on 127.0.0.1, port {port} (address already in use); "
        "choose another --port, or --host 127.0.0.1\n"
    )
    assert servers == []


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_foreign_address_is_an_error(servers: list[Any], host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--host", host, "--port", "0"]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot listen on {host}, port 0 (")


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_missing_extra_is_explained(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from colorgan.cli import main; sys.exit(main(['app']))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == (
        f"error: `colorgan app` needs {missing}, which is not installed; run: pip install starlette anyio uvicorn h11\n"
    )


def test_missing_model_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--checkpoint", str(tmp_path / "none.ckpt"), "--port", "0"]) == 1
    assert "none.ckpt" in (message := capsys.readouterr().err)
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--port", "70000"], "expected an integer from 0 to 65535, received '70000'"),
        (["--max-upload", "0"], "expected a number from 0.001 to 100000, received '0'"),
        (["--max-megapixels", "1000"], "expected a number from 0.001 to 178, received '1000'"),
        (["--checkpiont", "x"], "there is no option '--checkpiont'; did you mean '--checkpoint'?"),
    ],
)
def test_invalid_arguments(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["app", *args])
    assert exit_info.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "unwanted"),
    [("model.onnx", ["torch", "wandb", "lightning", "timm"]), ("model.safetensors", ["wandb", "lightning"])],
)
def test_app_imports_what_it_needs(model: str, unwanted: list[str]) -> None:
    code = f"""
import sys
import uvicorn
from colorgan.cli import main
uvicorn.Server.run = lambda *args, **options: None
assert main(["app", "--checkpoint", "{CHECKPOINTS / "colorgan-photos" / model}", "--port", "0", "--no-browser"]) == 0
assert {{"starlette", "colorgan.web.server"}} < set(sys.modules)
print(sorted(set({unwanted}) & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
