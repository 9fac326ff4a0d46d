"""Films made of pictures, and what is in a film."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av", reason="films need PyAV: pip install 'colorgan[film]'")

RATE = 25
SAMPLE_RATE = 8000


def write_film(
    file: Path,
    pictures: Sequence[np.ndarray],
    times: Sequence[int] | None = None,
    sound: str | None = "aac",
    rotation: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Writes a film of pictures (H, W, 3), with a tone of the same length, and its times in 1/25 s."""
    with av.open(str(file), "w") as container:
        container.metadata.update(metadata or {})
        video = container.add_stream("libx264", rate=RATE, options={"crf": "12", "preset": "ultrafast"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv444p" if pictures[0].shape[0] % 2 else "yuv420p"
        if rotation:
            video.set_display_rotation(rotation)
        audio = container.add_stream(sound, rate=SAMPLE_RATE, layout="mono") if sound else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number if times is None else times[number], Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            tone = np.sin(np.arange(SAMPLE_RATE * len(pictures) // RATE) / 3).astype(np.float32)
            for start in range(0, len(tone), 1024):
                samples = tone[None, start : start + 1024]
                is_float = not sound.startswith("pcm")
                samples = samples if is_float else (samples * 30_000).astype(np.int16)
                block = av.AudioFrame.from_ndarray(samples, format="fltp" if is_float else "s16", layout="mono")
                block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
                container.mux(audio.encode(block))
            container.mux(audio.encode())
    return file


@dataclass
class Contents:
    """What is in a film: its pictures, their times in seconds, the bytes of its sound, its length and its metadata."""

    pictures: list[np.ndarray]
    times: list[float]
    sound: bytes
    seconds: float
    metadata: dict[str, str]


def read_film(file: Path) -> Contents:
    with av.open(str(file)) as container:
        frames = list(container.decode(video=0))
        seconds, metadata = container.duration / 1e6, dict(container.metadata)
    with av.open(str(file)) as container:
        packets = container.demux(audio=0) if container.streams.audio else []
        sound = b"".join(bytes(packet) for packet in packets)
    pictures = [frame.to_ndarray(format="rgb24") for frame in frames]
    return Contents(pictures, [float(frame.time) for frame in frames], sound, seconds, metadata)
