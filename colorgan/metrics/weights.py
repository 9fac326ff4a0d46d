"""Weight files of the networks behind metrics: located or downloaded, verified, and loaded without pickled code."""

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

_CONNECT_TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True)
class Download:
    """A published weight file.

    Attributes:
        url: address of the file.
        sha256: SHA-256 of the file, or its first digits.
    """

    url: str
    sha256: str

    @property
    def file(self) -> Path:
        """Path of the file in torch's download cache."""
        return Path(torch.hub.get_dir(), "checkpoints", self.url.rpartition("/")[2])


@dataclass(frozen=True)
class Weights:
    """A weight file in memory, verified to contain no pickled code.

    Attributes:
        file: path that it was read from.
        content: bytes of the file.
        sha256: hash of the content.
    """

    file: Path
    content: bytes
    sha256: str

    def open(self) -> io.BytesIO:
        """Opens the file in memory, so that the bytes that were verified are the bytes that are loaded."""
        return io.BytesIO(self.content)


def find_weights(name: str, path: str | Path | None, download: Download | None) -> Weights | None:
    """Finds the weights of a network: a local file, torch's download cache, or a download, in this order.

    Args:
        name: name of the network, for error messages.
        path: a local file, or ``None``.
        download: the published weights; a cached or downloaded file must match their hash.

    Returns:
        The weights, or ``None`` if there is neither a local file nor a known download.

    Raises:
        ColorganError: if the file is missing, damaged, contains pickled code, or (in the download cache) is not the
            published one. The message says how to supply the file.
    """
    if path is not None:
        file = Path(path).expanduser()
        if not file.is_file():
            raise ColorganError(f"there is no weight file {file} for {name}; {supply_instructions(download)}")
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
                f"({first_sentence(error)}); {supply_instructions(download)}"
            ) from error
    weights = read_weights(name, file)
    if not weights.sha256.startswith(download.sha256):
        raise ColorganError(
            f"{file} is not the published weight file of {name} (its SHA-256 starts with {weights.sha256[:8]}, "
            f"not {download.sha256[:8]}); delete it and start again"
        )
    return weights


def read_weights(name: str, file: Path) -> Weights:
    """Reads and hashes a weight file.

    TorchScript archives, such as the weights of CLIP, are accepted: they contain no pickled Python objects.

    Raises:
        ColorganError: if the file cannot be read, or unpickling it would run code.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ColorganError(f"cannot read {file}, the weights of {name}: {error.strerror or error}") from error
    weights = Weights(file, content, hashlib.sha256(content).hexdigest())
    if not _is_torchscript(weights):
        read_torch_file(weights.open(), f"{file} (weights of {name})")
    return weights


def supply_instructions(download: Download | None) -> str:
    """Instructions for supplying missing weights, to be appended to an error message."""
    if download is None:
        return "give a local file as weights"
    return (
        f"fetch {download.url} on a machine with a network and give the file as weights, or put it at {download.file}"
    )


def _check_reachable(url: str) -> None:
    """Fails within seconds if a firewall blocks the server, where the download would hang for minutes."""
    if not getproxies():
        with socket.create_connection((str(urlparse(url).hostname), 443), timeout=_CONNECT_TIMEOUT):
            pass


def _is_torchscript(weights: Weights) -> bool:
    if not zipfile.is_zipfile(weights.open()):
        return False
    with zipfile.ZipFile(weights.open()) as archive:
        return any(member.endswith("/constants.pkl") for member in archive.namelist())
