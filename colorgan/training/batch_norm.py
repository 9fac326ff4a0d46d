"""Batch normalization over the photos of all processes, on any device and for any kind of layer."""

from typing import Any, cast

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from lightning.pytorch.plugins import TorchSyncBatchNorm
from torch import Tensor, nn

_BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


class SyncBatchNorm(TorchSyncBatchNorm):
    """Lightning's plugin for synchronized batch normalization, for all networks and also on CPUs.

    With it, training in several processes computes what one process with the same total batch does. Lightning's own
    plugin drops the activations of timm's layers that normalize and activate, and stops on a CPU.
    """

    def __init__(self) -> None:
        self._replaced: list[tuple[nn.Module, str, _BatchNorm, nn.Module]] = []

    def apply(self, model: nn.Module) -> nn.Module:
        """Replaces the layers of a LightningModule, which keep their parameters and their names."""
        assert isinstance(model, LightningModule)
        on_cpu = model.trainer.strategy.root_device.type == "cpu"
        for parent in list(model.modules()):
            for name, layer in list(parent.named_children()):
                if isinstance(layer, _BatchNorm):
                    synchronized = _synchronized(layer, on_cpu)
                    setattr(parent, name, synchronized)
                    self._replaced.append((parent, name, layer, synchronized))
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        """Puts the original layers back, with what they have learned."""
        for parent, name, layer, synchronized in self._replaced:
            for key, buffer in synchronized.named_buffers(recurse=False):
                setattr(layer, key, buffer)  # parameters are shared, but moving a model replaces its buffers
            layer.train(synchronized.training)
            setattr(parent, name, layer)
        self._replaced.clear()
        return model


def _synchronized(layer: _BatchNorm, on_cpu: bool) -> nn.Module:
    """A synchronized layer with the parameters, the buffers and the activation of a layer."""
    from timm.layers import BatchNormAct2d  # slow to import, and needed by several processes only

    kind = _OnCPU if on_cpu else _OnAccelerator
    made = kind(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    made.weight, made.bias = layer.weight, layer.bias
    for name, buffer in layer.named_buffers(recurse=False):
        setattr(made, name, buffer)
    made.activation = nn.Identity()
    if isinstance(layer, BatchNormAct2d):
        made.activation = nn.Sequential(cast(nn.Module, layer.drop), cast(nn.Module, layer.act))
    return made.train(layer.training)


class _OnAccelerator(nn.SyncBatchNorm):
    activation: nn.Module

    def forward(self, input: Tensor) -> Tensor:
        activated: Tensor = self.activation(super().forward(input))
        return activated


class _OnCPU(nn.BatchNorm2d):
    """PyTorch's synchronized layer works on accelerators only."""

    activation: nn.Module

    def forward(self, input: Tensor) -> Tensor:
        normalized = self._normalize(input) if self.training else self._normalize_by_running_statistics(input)
        activated: Tensor = self.activation(normalized)
        return activated

    def _normalize(self, input: Tensor) -> Tensor:
        """Normalizes (B, C, ...) by the mean and the variance over the photos of all processes."""
        values = input.float()
        dims = (0, *range(2, input.dim()))
        shape = (1, -1, *(1 for _ in dims[1:]))
        count = values.new_tensor([values.numel() / values.shape[1]])
        total = _sum_of_processes(torch.cat([values.sum(dims), count]))
        mean, number = total[:-1] / total[-1], total[-1].detach()
        centered = values - mean.view(shape)
        variance = _sum_of_processes(centered.square().sum(dims)) / number
        if self.track_running_stats:
            self._update_statistics(mean.detach(), variance.detach() * number / (number - 1))
        normalized = centered * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            normalized = normalized * self.weight.view(shape) + self.bias.view(shape)
        return normalized.to(input.dtype)

    def _normalize_by_running_statistics(self, input: Tensor) -> Tensor:
        return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)

    def _update_statistics(self, mean: Tensor, variance: Tensor) -> None:
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        weight = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        for running, current in ((self.running_mean, mean), (self.running_var, variance)):
            assert running is not None
            running.lerp_(current.to(running.dtype), weight)


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs. PyTorch's function of this kind is deprecated."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        torch.distributed.all_reduce(total)
        return total


def _sum_of_processes(values: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(values)
    return total
