"""A film through ``colorgan colorize``: what is kept, how much its colors flicker, and whether it resumes.

    python benchmarks/film.py [--seconds 10]

A film of 320 × 240 pixels is made of four gray sample photos, two of them with a moving camera, with grain and a tone.
It is colorized picture by picture, smoothed, and smoothed with an interruption.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.color import rgb2lab

from colorgan.images import SAMPLE_PHOTOS

STILLS = ("flower_03", "life_02", "rocket_01", "bridge_10")
WIDTH, HEIGHT, RATE, SOUND_RATE = 320, 240, 25, 48_000
GRAIN = 3.0
STATIC = 6
"""Largest change of a gray value from picture to picture at places that count as static."""
CUT = 15
"""Mean change of gray values from which two pictures belong to different scenes."""


def make(file: Path, seconds: float) -> None:
    """Writes the film."""
    stills = [
        np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg").convert("L").resize((WIDTH + 40, HEIGHT + 40)))
        for name in STILLS
    ]
    draws, count = np.random.default_rng(0), round(seconds * RATE)
    with av.open(str(file), "w") as film:
        pictures = film.add_stream("libx264", rate=RATE, options={"crf": "15"})
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = film.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        for number in range(count):
            scene = number * len(stills) // count
            left = number % 40 if scene % 2 else 10
            gray = stills[scene][20 : 20 + HEIGHT, left : left + WIDTH] + draws.normal(0, GRAIN, (HEIGHT, WIDTH))
            rgb = np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode())
        tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)).astype(np.float32)
        for start in range(0, len(tone), 1024):
            block = np.stack([tone[start : start + 1024]] * 2)
            samples = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            samples.sample_rate, samples.pts, samples.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            film.mux(sound.encode(samples))
        film.mux(sound.encode())


def pictures_of(file: Path) -> Iterator[npt.NDArray[np.uint8]]:
    """The decoded pictures, (H, W, 3)."""
    with av.open(str(file)) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def contents(file: Path) -> str:
    """Pictures, length and samples of sound."""
    with av.open(str(file)) as film:
        count, last = 0, 0.0
        for frame in film.decode(video=0):
            count, last = count + 1, float(frame.time or 0)
    with av.open(str(file)) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    return f"{count} pictures, {last + 1 / RATE:.2f} s, {samples:,} samples of sound"


def flicker(source: Path, colorized: Path) -> float:
    """Mean change of a* and b* from picture to picture at static places, in units of CIE Lab."""
    changes, before = [], None
    for gray, color in zip(pictures_of(source), pictures_of(colorized), strict=True):
        now = gray[::3, ::3].mean(-1), rgb2lab(color[::3, ::3])[..., 1:]
        if before is not None and np.abs(now[0] - before[0]).mean() <= CUT:
            static = np.abs(now[0] - before[0]) < STATIC
            changes.append(np.sqrt(((now[1] - before[1]) ** 2).sum(-1))[static].mean())
        before = now
    return float(np.mean(changes))


def colorize(film: Path, result: Path, *options: str, stop_after_part: bool = False) -> str:
    """Runs the command; with ``stop_after_part``, it is interrupted when its first part is written, and repeated.

    Returns:
        What it printed.
    """
    command = [sys.executable, "-m", "colorgan", "colorize", str(film), "-o", str(result), *options]
    if stop_after_part:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        parts = result.with_name(f".{result.name}.parts")
        while process.poll() is None and len(list(parts.glob("*"))) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        print(f"interrupted: exit code {process.wait()}, {'nothing' if not result.exists() else 'something'} written")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def main() -> None:
    """Makes the film, colorizes it three times, and prints what is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "film.mp4"
        make(source, seconds)
        print(f"before: {contents(source)}")
        results = {name: Path(folder) / f"{name}.mp4" for name in ("plain", "smoothed", "resumed")}
        colorize(source, results["plain"], "--temporal=0")
        started = sum(os.times()[2:4])
        print(colorize(source, results["smoothed"]), end="")
        print(f"{sum(os.times()[2:4]) - started:.1f} s of CPU time")
        print(f"after:  {contents(results['smoothed'])}")
        for name in ("plain", "smoothed"):
            print(f"flicker, {name}: {flicker(source, results[name]):.2f}")
        colorize(source, results["resumed"], stop_after_part=True)
        digests = {hashlib.sha256(results[name].read_bytes()).hexdigest() for name in ("smoothed", "resumed")}
        print(f"resumed: {'the same bytes' if len(digests) == 1 else 'OTHER BYTES'}")


if __name__ == "__main__":
    main()
