"""Jobs of SLURM that are put into the queue again before their time is over."""

import os
import signal
import subprocess

from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn

_INTERACTIVE = ("bash", "interactive")


def requeues_on(number: int) -> bool:
    """Whether a signal asks for the job to be queued again: SIGUSR1, in a job of SLURM that is not interactive."""
    in_job = "SLURM_JOB_ID" in os.environ and os.environ.get("SLURM_JOB_NAME") not in _INTERACTIVE
    return in_job and number == getattr(signal, "SIGUSR1", None)


def requeue() -> None:
    """Asks SLURM to put this job into the queue again; a failure is only a warning, because everything was saved."""
    job = os.environ["SLURM_JOB_ID"]
    if "SLURM_ARRAY_JOB_ID" in os.environ:
        job = f"{os.environ['SLURM_ARRAY_JOB_ID']}_{os.environ['SLURM_ARRAY_TASK_ID']}"
    try:
        done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603, S607
        problem = "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"
    except (OSError, subprocess.SubprocessError) as error:
        problem = str(error)
    if problem:
        rank_zero_warn(f"SLURM did not put the job {job} into its queue again ({problem}); submit it again yourself")
    else:
        rank_zero_info(f"SLURM has put the job {job} into its queue again")


def was_requeued() -> bool:
    """Whether SLURM has started this job before."""
    return "SLURM_JOB_ID" in os.environ and os.environ.get("SLURM_RESTART_COUNT", "0") != "0"
