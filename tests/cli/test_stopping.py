"""How commands end on signals, on full disks and on closed pipes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from colorgan.cli import commands, main
from colorgan.system.signals import STOP_SIGNALS
from tests.attacks.training_runs import FIT, finite_checkpoints, make_place
from tests.helpers import REPOSITORY

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows does not send these signals")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make_place(tmp_path))
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    for variable in ("SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_ARRAY_JOB_ID", "SLURM_RESTART_COUNT"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def signal_in_batch(monkeypatch: pytest.MonkeyPatch, number: int, batch: int) -> None:
    from colorgan.training.gan import ColorGAN

    step, count = ColorGAN.training_step, iter(range(1000))

    def training_step(self: ColorGAN, *args: Any) -> Any:
        if next(count) == batch:
            os.kill(os.getpid(), number)
        return step(self, *args)

    monkeypatch.setattr(ColorGAN, "training_step", training_step)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_every_command_ends_with_one_sentence(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where a library has turned the exception into another, or has dropped it."""

    def interrupted(*_: Any) -> int:
        signal.raise_signal(number)
        return 0

    def turned(*_: Any) -> int:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt as stop:
            stop.add_note("try again")
            raise ImportError("numpy.core failed to import") from stop
        return 0

    def dropped(*_: Any) -> int:
        with contextlib.suppress(BaseException):
            signal.raise_signal(number)
        return 0

    for function, sentence in ((interrupted, ""), (turned, "; try again"), (dropped, "")):
        monkeypatch.setattr(commands, "_run", function)
        assert main(["cache"]) == 128 + number
        assert capsys.readouterr().err == f"stopped on {number.name}{sentence}\n"


def test_errors_of_the_system_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device", "report/sheet.png")

    monkeypatch.setattr(commands, "_run", full)
    assert main(["cache"]) == 1
    assert capsys.readouterr().err == "error: no space left on device: 'report/sheet.png'\n"


def test_closed_pipe_is_no_error() -> None:
    program = f"{sys.executable} -m colorgan --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() in ("0", "141")  # true may end before or after
    assert done.stderr == ""


def test_full_standard_output_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "colorgan", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            cwd=REPOSITORY,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: no space left on device\n")


def test_signal_while_the_libraries_are_imported() -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "colorgan", "fit", "--help-all"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        if not lines and "numpy" in line:
            process.send_signal(signal.SIGTERM)
        if not line.startswith("import time:"):
            lines.append(line)
    assert process.wait() == 143
    assert lines == ["stopped on SIGTERM\n"]


def test_workers_survive_a_signal_to_the_process_group(place: Path) -> None:
    """As from a terminal or a cluster, which signal all processes of a job."""
    program = (
        "import os, signal, sys\n"
        "from tests.attacks import training_faults\n"
        'sys.exit(training_faults.run(\'{"kind": "signal", "phase": "batch", "number": 15, "group": true}\','
        " *sys.argv[1:]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", program, *FIT, "--data.num_workers=2"],
        capture_output=True, text=True, start_new_session=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 143, done.stderr
    assert "Traceback" not in done.stderr
    assert "everything saved" in done.stderr
    assert finite_checkpoints(place / "checkpoints")["last.ckpt"]["global_step"] == 10  # of both optimizers


def test_requeued_job_continues_where_it_was(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``scontrol`` is a stand-in that notes its arguments."""
    scontrol = place / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f'#!/bin/sh\necho "$@" >> {place}/calls\n')
    scontrol.chmod(0o755)
    monkeypatch.setenv("PATH", str(scontrol.parent), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SLURM_JOB_NAME", "train.sh")
    monkeypatch.setenv("SLURM_NTASKS", "1")
    with monkeypatch.context() as patched:
        signal_in_batch(patched, signal.SIGUSR1, batch=4)
        assert main([*FIT]) == 128 + signal.SIGUSR1
    assert (place / "calls").read_text() == "requeue 77\n"
    assert "stopped on SIGUSR1 with everything saved" in capsys.readouterr().err
    run = place / "checkpoints" / "tiny" / "slurm-77"
    assert finite_checkpoints(run)["last.ckpt"]["global_step"] == 10

    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert main([*FIT]) == 0
    note = "note: resuming checkpoints/tiny/slurm-77/checkpoints/last.ckpt, because SLURM has started this job again"
    assert note in capsys.readouterr().err
    assert [path.name for path in (place / "checkpoints" / "tiny").iterdir()] == ["slurm-77"]
    resumed = finite_checkpoints(run)["last.ckpt"]["state_dict"]
    monkeypatch.delenv("SLURM_JOB_ID")
    assert main([*FIT, "--name=whole"]) == 0
    whole = finite_checkpoints(place / "checkpoints" / "whole")["last.ckpt"]["state_dict"]
    assert all(value.equal(resumed[name]) for name, value in whole.items())


@pytest.mark.parametrize("job", [{}, {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "bash"}])
def test_other_jobs_are_not_requeued(
    place: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "colorgan.training.callbacks.interruption.requeue", lambda: pytest.fail("requeued a job that is none")
    )
    signal_in_batch(monkeypatch, signal.SIGUSR1, batch=1)
    assert main([*FIT]) == 128 + signal.SIGUSR1
    assert "everything saved" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "problem"),
    [(None, "No such file or directory"), ("#!/bin/sh\necho no such job >&2; exit 1\n", "no such job")],
)
def test_failed_requeue_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, problem: str
) -> None:
    from colorgan.training.requeue import requeue

    if program is not None:
        (tmp_path / "scontrol").write_text(program)
        (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "70")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    with pytest.warns(UserWarning, match=rf"the job 70_3 into its queue again \(.*{problem}"):
        requeue()


def test_run_that_cannot_write_its_folder_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--runs=tiny.yaml"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"error: .*tiny\.yaml.*|error: not a directory: '?tiny\.yaml.*", error)


def test_schedules_by_batch_survive_an_interruption(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [
        "--model.generator_scheduler=torch.optim.lr_scheduler.ExponentialLR",
        "--model.generator_scheduler.gamma=0.5",
        "--model.scheduler_interval=batch",
    ]
    assert main([*FIT, *options, "--name=whole"]) == 0
    with monkeypatch.context() as patched:
        signal_in_batch(patched, signal.SIGTERM, batch=4)
        assert main([*FIT, *options]) == 143
    assert main([*FIT, *options, "--ckpt_path=last"]) == 0
    one, other = (finite_checkpoints(place / "checkpoints" / name)["last.ckpt"] for name in ("whole", "tiny"))
    assert one["lr_schedulers"][0]["_last_lr"] == other["lr_schedulers"][0]["_last_lr"]
    assert all(value.equal(other["state_dict"][name]) for name, value in one["state_dict"].items())
