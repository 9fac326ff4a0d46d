import json
import os
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

from colorgan.cli import app as serve
from colorgan.cli import main
from colorgan.images import SAMPLE_PHOTOS
from tests.helpers import Painter


@pytest.fixture
def serving(tmp_path: Path, model_folder: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts ``colorgan app`` as its users do; gives the process and the address that it prints."""
    processes = []
    (tmp_path / "tmp").mkdir()

    def start(*words: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "colorgan.cli",
                "app",
                "--checkpoint",
                str(model_folder),
                "--port",
                "0",
                *words,
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
        assert line.startswith("the page is at http://"), process.communicate()
        return process, line.split()[4]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped_and_leaves_nothing(
    serving: Callable[..., tuple[subprocess.Popen[str], str]], tmp_path: Path, model_folder: Path, stop: signal.Signals
) -> None:
    process, address = serving()
    assert address.startswith("http://127.0.0.1:")
    about = json.load(urllib.request.urlopen(f"{address}api/about", timeout=20))
    assert about["model"]["name"] == model_folder.name
    assert about["takes_hints"] is True
    photo = (SAMPLE_PHOTOS / "val" / "rocket_00.jpg").read_bytes()
    request = urllib.request.Request(f"{address}api/photos", photo, {"content-type": "application/octet-stream"})
    assert json.load(urllib.request.urlopen(request, timeout=20))["width"] == 160
    assert list((tmp_path / "tmp").glob("colorgan-*/*/photo"))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(address, headers={"host": "evil.example"}), timeout=20)

    process.send_signal(stop)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (0 if stop == signal.SIGINT else -signal.SIGTERM)
    assert errors == ""
    assert list((tmp_path / "tmp").glob("colorgan-*")) == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The servers that would have been started, with a model that needs no file."""
    servers: list[Any] = []
    monkeypatch.setattr(serve, "open_model", lambda path, device: Painter())
    monkeypatch.setattr(
        "uvicorn.Server.run", lambda server, sockets: servers.append((server, sockets[0].getsockname()))
    )
    return servers


def test_everybody_is_let_in_only_on_request_and_with_a_warning(
    started: list[Any], model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["app", "--checkpoint", str(model_folder), "--port", "0", "--no-browser"]
    assert main(words) == 0
    assert started[0][1][0] == "127.0.0.1"
    assert capsys.readouterr().err == ""
    assert main([*words, "--host", "0.0.0.0"]) == 0
    assert started[1][1][0] == "0.0.0.0"
    said = capsys.readouterr()
    assert f"http://{socket.gethostname()}:" in said.out
    assert "warning: everybody who can reach" in said.err
    assert "no password and no encryption" in said.err


def test_a_browser_is_opened_only_where_one_can_be_seen(
    started: list[Any], model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(serve, "_open_browser", opened.append)
    monkeypatch.setattr(sys, "platform", "linux")
    words = ["app", "--checkpoint", str(model_folder), "--port", "0"]
    for display, expected in (("", 0), (":0", 1)):
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        main(words)
        assert len(opened) == expected
    monkeypatch.setenv("DISPLAY", ":0")
    main([*words, "--no-browser"])
    assert len(opened) == 1


def test_a_port_in_use(started: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"error: cannot listen on 127.0.0.1, port {port} (address already in use); "
        "choose another --port, or --host 127.0.0.1\n"
    )
    assert started == []


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine(started: list[Any], host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--host", host, "--port", "0"]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot listen on {host}, port 0 (")


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from colorgan.cli import main; sys.exit(main(['app']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"error: the page needs {missing}, which is not installed: pip install 'colorgan[app]'\n"


def test_a_model_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--checkpoint", str(tmp_path / "none.ckpt"), "--port", "0"]) == 1
    assert "none.ckpt" in (said := capsys.readouterr().err)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "70000"], "a whole number from 0 to 65535 is needed, received '70000'"),
        (["--max-upload", "0"], "a number from 0.001 to 100000 is needed, received '0'"),
        (["--max-megapixels", "1000"], "a number from 0.001 to 178.957 is needed, received '1000'"),
        (["--checkpiont", "x"], "unrecognized arguments: --checkpiont x"),
    ],
)
def test_wrong_usage(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["app", *words])
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


def test_nothing_of_the_page_needs_torch() -> None:
    modules = "colorgan.cli.app, colorgan.web.server.site, colorgan.web.server.about"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
