"""The flowers networks and their training step written by hand, without Lightning; shared by two scripts."""

import copy
from collections.abc import Callable

import torch
from fit_in_turns import random_photos
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss

_L1_WEIGHT = 256.0


def bare_step(
    generator: nn.Module, discriminator: nn.Module, batch_size: int, size: int, device: str, mode: str | None = None
) -> Callable[[], object]:
    """The least that a step can do: bfloat16, channels-last, fused Adam; the batch is ready on the device.

    Nothing is loaded, converted, logged or checked.

    Args:
        generator: (B, 1, H, W) to (B, 3, H, W); it is copied.
        discriminator: takes (B, 4, H, W); it is copied.
        batch_size: photos per batch.
        size: height and width in pixels.
        device: ``cpu`` or ``cuda``.
        mode: mode of ``torch.compile`` for both networks, such as ``default``, or ``reduce-overhead`` for CUDA graphs;
            ``None`` does not compile.
    """
    networks = [
        copy.deepcopy(network).to(device, memory_format=torch.channels_last) for network in (generator, discriminator)
    ]
    adams = [torch.optim.Adam(network.parameters(), 5e-4, betas=(0.5, 0.999), fused=True) for network in networks]
    colorize, score = networks
    if mode is not None:
        colorize.compile(mode=mode)
        score.compile(mode=mode)
    target = (random_photos(batch_size, size).to(device) * 2 - 1).contiguous(memory_format=torch.channels_last)
    gray = target.mean(1, keepdim=True)

    def loss_for(scores: Tensor, label: float) -> Tensor:
        return binary_cross_entropy_with_logits(scores.float(), torch.full_like(scores, label, dtype=torch.float32))

    def step() -> None:
        if mode is not None:
            torch.compiler.cudagraph_mark_step_begin()
        with torch.autocast(device, torch.bfloat16):
            generated = colorize(gray)
            real, fake = score(torch.cat([gray, target], 1)), score(torch.cat([gray, generated.detach()], 1))
            loss = (loss_for(real, 0.9) + loss_for(fake, 0.1)) / 2
        loss.backward()
        adams[1].step()
        adams[1].zero_grad()
        score.requires_grad_(False)
        with torch.autocast(device, torch.bfloat16):
            fooled = loss_for(score(torch.cat([gray, generated], 1)), 0.9)
            loss = _L1_WEIGHT * l1_loss(generated.float(), target) + fooled
        loss.backward()
        score.requires_grad_(True)
        adams[0].step()
        adams[0].zero_grad()

    return step
