"""Weight files of the networks that metrics use: found, or downloaded, identified by their hash, and read as data."""

import hashlib
import io
import socket
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import getproxies

import torch

from colorgan.errors import ColorganError, first_sentence
from colorgan.models.weight_files import read_torch_file

_PATIENCE = 10.0


@dataclass(frozen=True)
class Download:
    """Where published weights come from.

    Args:
        url: address of the file.
        sha256: its SHA-256, or the beginning of it.
    """

    url: str
    sha256: str

    @property
    def file(self) -> Path:
        """Where torch keeps what it downloads."""
        return Path(torch.hub.get_dir(), "checkpoints", self.url.rpartition("/")[2])


@dataclass(frozen=True)
class Weights:
    """A weight file in memory, known to hold data only.

    Args:
        file: where it was read.
        content: its bytes.
        sha256: their hash.
    """

    file: Path
    content: bytes
    sha256: str

    def open(self) -> io.BytesIO:
        """The file, from memory: what was hashed and checked is what is loaded."""
        return io.BytesIO(self.content)


def find_weights(name: str, local: str | Path | None, download: Download | None) -> Weights | None:
    """Finds the weights of a network: a local file, torch's download cache, or the network, in this order.

    Args:
        name: whose weights they are, for the messages.
        local: a file of the user's, or ``None``.
        download: where the published weights are; files that come from there must have their hash.

    Returns:
        The weights; ``None`` if there is neither a local file nor a known download.

    Raises:
        ColorganError: in one sentence that says how to supply the file, if it is missing, damaged, holds more than
            data, or (in the download cache) is not the published one.
    """
    if local is not None:
        file = Path(local).expanduser()
        if not file.is_file():
            raise ColorganError(f"there is no weight file {file} for {name}; {how_to_supply(download)}")
        return read_weights(name, file)
    if download is None:
        return None
    file = download.file
    if not file.is_file():
        try:
            _check_reachable(download.url)
            file.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(download.url, str(file), download.sha256, progress=False)
        except (OSError, RuntimeError) as error:
            raise ColorganError(
                f"the weights of {name} are not on this machine and could not be downloaded "
                f"({first_sentence(error)}); {how_to_supply(download)}"
            ) from error
    weights = read_weights(name, file)
    if not weights.sha256.startswith(download.sha256):
        raise ColorganError(
            f"{file} is not the published weight file of {name} (its SHA-256 begins with {weights.sha256[:8]}, "
            f"not {download.sha256[:8]}); delete it and start again"
        )
    return weights


def read_weights(name: str, file: Path) -> Weights:
    """Reads a weight file once, hashes it, and refuses it if unpickling it would run code.

    TorchScript archives, as which CLIP's weights come, are let through: they hold no pickled Python.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ColorganError(f"cannot read {file}, the weights of {name}: {error.strerror or error}") from error
    weights = Weights(file, content, hashlib.sha256(content).hexdigest())
    if not _is_torchscript(weights):
        read_torch_file(weights.open(), f"{file} (weights of {name})")
    return weights


def how_to_supply(download: Download | None) -> str:
    """The second half of a sentence that says that weights are missing."""
    if download is None:
        return "give a local file as weights"
    return (
        f"fetch {download.url} on a machine with a network and give the file as weights, or put it at {download.file}"
    )


def _check_reachable(url: str) -> None:
    """Fails within seconds where a firewall would keep the download waiting for minutes."""
    if not getproxies():
        with socket.create_connection((str(urlparse(url).hostname), 443), timeout=_PATIENCE):
            pass


def _is_torchscript(weights: Weights) -> bool:
    if not zipfile.is_zipfile(weights.open()):
        return False
    with zipfile.ZipFile(weights.open()) as archive:
        return any(member.endswith("/constants.pkl") for member in archive.namelist())
