"""Joins the parts of a film with the sound and the subtitles of the original, none of which is encoded again."""

import heapq
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import Metadata, printable
from colorgan.inference.batch.jobs import FILM_FORMATS
from colorgan.inference.film.reading import open_film

_PLACE = re.compile(r"location|gps|xyz|geo", re.IGNORECASE)
_KEPT_KINDS = ("audio", "subtitle")


def check_sound(source: Path, target: Path) -> None:
    """Checks that the target's format can hold the sound, before any work is done.

    Raises:
        ColorganError: if it cannot.
    """
    with open_film(source) as film:
        for stream in film.container.streams.audio:
            if not _fits(stream, target):
                raise ColorganError(
                    f"the sound of {printable(source)} ({stream.codec_context.name}) does not fit into {target.suffix} "
                    "files; give a file name ending in .mkv as --output"
                )


def join(parts: Sequence[Path], source: Path, target: Path, metadata: Metadata) -> None:
    """Writes the film.

    Args:
        parts: its parts.
        source: the original.
        target: the file to write.
        metadata: what to keep of the metadata of the original.
    """
    import av

    options = {"movflags": "+faststart"} if FILM_FORMATS[target.suffix.lower()] in ("mp4", "mov") else {}
    with open_film(source) as film, av.open(str(parts[0])) as first, atomic_write(target) as temporary:
        container_format = FILM_FORMATS[target.suffix.lower()]
        with av.open(str(temporary), "w", format=container_format, container_options=options) as output:
            video = output.add_stream_from_template(first.streams.video[0])
            video.codec_context.framerate = film.rate
            copies = {
                stream.index: output.add_stream_from_template(stream)
                for stream in film.container.streams
                if stream.type in _KEPT_KINDS and _fits(stream, target)
            }
            for index, copy in copies.items():
                copy.metadata.update(film.container.streams[index].metadata)
            output.metadata.update(
                {
                    key: value
                    for key, value in film.container.metadata.items()
                    if metadata == "all" or (metadata == "basic" and not _PLACE.search(key))
                }
            )
            originals = [film.container.streams[index] for index in copies]
            others = _packets(film.container.demux(originals)) if originals else iter(())
            for packet in heapq.merge(_video_packets(parts), others, key=_seconds):
                packet.stream = copies[packet.stream.index] if packet.stream in originals else video
                output.mux_one(packet)


def _video_packets(parts: Sequence[Path]) -> Iterator[Any]:
    import av

    for part in parts:
        with av.open(str(part)) as container:
            yield from _packets(container.demux(video=0))


def _packets(demuxed: Iterator[Any]) -> Iterator[Any]:
    return (packet for packet in demuxed if packet.dts is not None)


def _seconds(packet: Any) -> float:
    return float(packet.dts * packet.time_base)


def _fits(stream: Any, target: Path) -> bool:
    """Whether a stream can be copied into a file of the target's format."""
    import av

    with tempfile.TemporaryFile() as nowhere:
        container = av.open(nowhere, "w", format=FILM_FORMATS[target.suffix.lower()])
        try:
            container.add_stream_from_template(stream)
        except (ValueError, av.error.FFmpegError):
            return False
    return True
