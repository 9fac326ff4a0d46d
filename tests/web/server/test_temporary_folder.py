import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from colorgan.web.server.temporary_folder import TemporaryFolder, check_space

HOLD = """
import sys
from colorgan.web.server.temporary_folder import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "photo").write_text("private")
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_folder_is_private_and_deleted(temp_root: Path) -> None:
    folder = TemporaryFolder()
    assert folder.path.parent == temp_root
    assert folder.path == folder.path
    if os.name != "nt":
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    folder.close()
    assert list(temp_root.iterdir()) == []
    folder.close()


def test_deleted_folder_is_made_again_under_another_name(temp_root: Path) -> None:
    folder = TemporaryFolder()
    old = folder.path
    shutil.rmtree(temp_root)
    assert folder.path.is_dir()
    assert folder.path != old
    folder.close()
    assert list(temp_root.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_folder_replaced_by_a_link_is_not_used(temp_root: Path, tmp_path: Path) -> None:
    folder = TemporaryFolder()
    old = folder.path
    shutil.rmtree(old)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("")
    old.symlink_to(tmp_path / "elsewhere")
    assert folder.path != old
    folder.close()
    assert [file.name for file in (tmp_path / "elsewhere").iterdir()] == ["kept"]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_folder_of_a_killed_server_is_deleted_by_the_next(temp_root: Path) -> None:
    def start() -> tuple[subprocess.Popen[str], Path]:
        environment = {**os.environ, "TMPDIR": str(temp_root)}
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (killed, abandoned), (running, used) = start(), start()
    others = [temp_root / "colorgan-app-other", temp_root / "colorgan-test"]
    for other in others:
        other.mkdir()
        (other / "file").write_text("")
    (temp_root / "colorgan-app-link").symlink_to(used)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (abandoned / "photo").exists()

    folder = TemporaryFolder()
    assert not abandoned.exists()
    assert (used / "photo").exists()
    assert all((other / "file").exists() for other in others)
    folder.close()
    running.communicate("")


def test_use_keeps_the_folder_young(temp_root: Path) -> None:
    folder = TemporaryFolder()
    lock = folder.path / "lock"
    os.utime(lock, (0, 0))
    os.utime(folder.path, (0, 0))
    folder.touch()
    assert min(lock.stat().st_mtime, folder.path.stat().st_mtime) > 1e9
    shutil.rmtree(folder.path)
    folder.touch()
    folder.close()


def test_check_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = shutil.disk_usage(tmp_path)
    for total, free in ((1 << 40, 256 << 20), (1 << 30, (1 << 30) // 20)):
        monkeypatch.setattr("shutil.disk_usage", lambda path, t=total, f=free: disk._replace(total=t, free=f + 1000))
        check_space(tmp_path, 990)
        with pytest.raises(OSError, match="No space left") as raised:
            check_space(tmp_path, 1010)
        assert raised.value.errno == errno.ENOSPC
