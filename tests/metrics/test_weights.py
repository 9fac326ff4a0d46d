import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.metrics import weights
from colorgan.metrics.weights import Download, find_weights, read_weights


class Trap:
    """Creates a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("executed"),))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.save({"weight": torch.arange(3.0)}, tmp_path / "saved.pth")
    return tmp_path / "saved.pth"


@pytest.fixture
def published(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    """The file as a download that is not there yet, into a cache of the test."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(weights, "_check_reachable", lambda url: None)
    return Download("https://example.org/net-1.pth", hashlib.sha256(saved.read_bytes()).hexdigest()[:8])


def test_local_file_comes_first(saved: Path, published: Download) -> None:
    found = find_weights("Net", saved, published)
    assert found is not None
    assert found.file == saved
    assert found.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()
    assert torch.load(found.open(), weights_only=True)["weight"].tolist() == [0, 1, 2]
    assert find_weights("Net", None, None) is None


def test_download_goes_into_the_cache_of_torch_once(
    saved: Path, published: Download, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[str] = []

    def download(url: str, target: str, sha256: str, progress: bool) -> None:
        requests.append(url)
        Path(target).write_bytes(saved.read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    for _ in range(2):
        found = find_weights("Net", None, published)
        assert found is not None
        assert found.file == tmp_path / "hub" / "checkpoints" / "net-1.pth"
    assert requests == [published.url]


def test_other_file_in_the_cache_is_refused(published: Download) -> None:
    published.file.parent.mkdir(parents=True)
    torch.save({"weight": torch.ones(3)}, published.file)
    with pytest.raises(ColorganError, match=r"net-1.pth is not the published weight file of Net .*; delete it and"):
        find_weights("Net", None, published)


@pytest.mark.parametrize("error", [OSError("no route. Sorry."), RuntimeError("invalid hash value")])
def test_failed_download_says_how_to_supply_the_file(
    published: Download, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    message = r"could not be downloaded \((no route|invalid hash value)\); fetch https://example.org/net-1.pth on"
    with pytest.raises(ColorganError, match=message):
        find_weights("Net", None, published)


def test_missing_local_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match="there is no weight file .*none.pth for Net; give a local file as"):
        find_weights("Net", tmp_path / "none.pth", None)


def test_code_is_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Trap()}, "trap.pth")
    with pytest.raises(ColorganError, match=r"trap.pth \(weights of Net\)"):
        read_weights("Net", Path("trap.pth"))
    assert not Path("executed").exists()


def test_torchscript_archives_are_accepted(tmp_path: Path) -> None:
    """They hold no pickled Python objects; CLIP is published as one."""
    traced = torch.jit.trace(torch.nn.Linear(2, 1), torch.zeros(1, 2))
    traced.save(str(tmp_path / "traced.pt"))
    assert read_weights("CLIP", tmp_path / "traced.pt").content == (tmp_path / "traced.pt").read_bytes()
