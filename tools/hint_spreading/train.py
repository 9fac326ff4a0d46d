"""Trains the network that spreads hints, and exports it.

    python tools/hint_spreading/train.py PHOTOS [-o spreading.onnx]

PHOTOS is a folder of color photos, with any subfolders. A run that was interrupted continues from the files .state and
.npz beside the output.
"""

import argparse
import itertools
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from network import SIZE_MULTIPLE, SpreadingNet
from torch import Tensor, nn
from torch.nn import functional as F

from colorgan.inference.onnx.weight_storage import store_exactly_in_half
from examples import examples, segment_all

BATCH_SIZE = 16
LEARNING_RATE = 3e-3
SAVED_EVERY = 500
DICE_WEIGHT = 0.3
NAMES = ("lightness", "mark", "distance")


def loss_of(logits: Tensor, region: Tensor) -> Tensor:
    """Binary cross-entropy, which counts pixels, and the Dice loss (Milletari et al. 2016), which counts regions."""
    probability = torch.sigmoid(logits)
    overlap = 2 * (probability * region).sum(dim=(1, 2, 3)) + 50
    dice = 1 - overlap / ((probability + region).sum(dim=(1, 2, 3)) + 50)
    return F.binary_cross_entropy_with_logits(logits, region) + DICE_WEIGHT * dice.mean()


def _segments(files: Sequence[Path], num_workers: int, cache: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    if not cache.exists():
        lightness, regions = segment_all(files, num_workers)
        np.savez(cache, lightness=lightness, regions=regions)
    with np.load(cache) as saved:
        return saved["lightness"], saved["regions"]


def train(network: nn.Module, photos: Path, steps: int, limit: int, num_workers: int, state_file: Path) -> None:
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    files = [files[index] for index in np.random.default_rng(0).permutation(len(files))[:limit]]
    lightness, regions = _segments(files, num_workers, state_file.with_suffix(".npz"))
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule}
    first = 0
    if state_file.exists():
        state: dict[str, Any] = torch.load(state_file, weights_only=True)
        first = state.pop("step")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    network.train()
    stream = examples(lightness, regions, np.random.default_rng(first))
    start, mean_loss = time.perf_counter(), 0.0
    for step in range(first + 1, steps + 1):
        batch = zip(*itertools.islice(stream, BATCH_SIZE), strict=True)
        *inputs, region = (torch.from_numpy(np.stack(planes)) for planes in batch)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(*inputs)
        loss = loss_of(logits.float(), region)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean_loss += (loss.item() - mean_loss) / min(step - first, 100)
        if step % 100 == 0:
            seconds = (time.perf_counter() - start) / (step - first)
            print(f"step {step} of {steps}: loss {mean_loss:.4f}, {seconds:.2f} s per step", flush=True)
        if step % SAVED_EVERY == 0 or step == steps:
            torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, state_file)


def export(network: nn.Module, output: Path) -> None:
    """Writes the network, with weights that are rounded to 16 bits."""
    network.eval()
    inputs = tuple(torch.rand(1, 1, 10 * SIZE_MULTIPLE, 15 * SIZE_MULTIPLE) for _ in NAMES)
    axes = {name: {0: "batch", 2: "height", 3: "width"} for name in (*NAMES, "logit")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the other exporter fixes the height and width of pooling
        torch.onnx.export(
            network,
            inputs,
            str(output),
            dynamo=False,
            input_names=list(NAMES),
            output_names=["logit"],
            dynamic_axes=axes,
            opset_version=17,
        )
    model = onnx.load(output)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half.astype(np.float32), tensor.name))
    store_exactly_in_half(model)
    onnx.save(model, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("spreading.onnx"))
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--limit", type=int, default=4000, help="number of photos, chosen at random")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(0)
    network = SpreadingNet()
    train(network, args.photos, args.steps, args.limit, args.workers, args.output.with_suffix(".state"))
    export(network, args.output)
    print(f"wrote {args.output}")


if __name__ == "__main__":
    main()
