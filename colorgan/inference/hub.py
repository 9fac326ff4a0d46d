"""Released models on the Hugging Face Hub. Nothing here needs torch.

The environment variables of the Hub's own client apply: ``HF_TOKEN``, ``HF_HOME``, ``HF_ENDPOINT`` and so on.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from colorgan.errors import CheckpointError, ColorganError, first_sentence
from colorgan.inference.shipped import CARD, CONFIG, ONNX, WEIGHTS

FILES = (CONFIG, WEIGHTS, ONNX, CARD)
"""What a repository has of a released model; the ONNX file and the card are optional."""

T = TypeVar("T")


def download(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Path:
    """Downloads a released model, or finds it in the cache of the Hub's client.

    Nothing of a repository is run, and its files are checked like all others when they are opened.

    Args:
        repo_id: name of the repository, such as ``someone/old-photos``.
        revision: branch, tag or commit. Name a commit to get the same model for ever.
        token: access token; ``True`` or ``None`` for the one of ``hf auth login``.
        cache_dir: folder of the cache.
        force_download: download the files even if they are in the cache.
        local_files_only: only look into the cache.

    Returns:
        The folder of the local copy.

    Raises:
        CheckpointError: if it cannot be downloaded.
    """

    def run() -> Path:
        from huggingface_hub import snapshot_download

        folder = snapshot_download(
            repo_id,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            allow_patterns=list(FILES),
        )
        return Path(folder)

    return _ask(
        run,
        CheckpointError,
        f"there is no folder {repo_id}, and no model of that name could be downloaded from the Hugging Face Hub",
    )


def upload(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | bool | None = None,
    commit_message: str = "Release a model of colorgan",
    branch: str | None = None,
    create_pr: bool | None = None,
) -> str:
    """Uploads a released model in one commit, so that no one downloads weights without their digest.

    Args:
        folder: folder of a released model.
        repo_id: name of the repository, which is created if it does not exist.
        private: whether a new repository is private. Default: as your account says.
        token: access token; ``True`` or ``None`` for the one of ``hf auth login``.
        commit_message: first line of the commit.
        branch: branch to commit to. Default: ``main``.
        create_pr: whether to open a pull request instead.

    Returns:
        Address of the commit.

    Raises:
        CheckpointError: if the folder is no released model.
        ColorganError: if it cannot be uploaded.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} is not a released model: it lacks {name}")

    def run() -> str:
        from huggingface_hub import CommitOperationAdd, HfApi

        api = HfApi(token=token)
        created = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        present = [folder / name for name in FILES if (folder / name).is_file()]
        commit = api.create_commit(
            created,
            [CommitOperationAdd(file.name, file) for file in present],
            commit_message=commit_message,
            revision=branch,
            create_pr=create_pr,
        )
        return str(commit.pr_url or commit.commit_url)

    return _ask(run, ColorganError, f"{folder} could not be uploaded to {repo_id} on the Hugging Face Hub")


def _ask(run: Callable[[], T], error_class: type[ColorganError], problem: str) -> T:
    """Runs a call of the Hub's client, whose errors become one sentence."""
    try:
        return run()
    except Exception as error:  # the client raises its own errors, those of its HTTP library and OSErrors
        reason: Any = first_sentence(error)
        if isinstance(error, ModuleNotFoundError):
            reason = f"{error.name} is not installed: pip install huggingface-hub"
        raise error_class(f"{problem} ({reason})") from error
