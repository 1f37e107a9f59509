"""The networks of `bcweb.network` in plain PyTorch, as a peer to train beside; used by the benchmark alone."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from bcweb import network


class TorchNetwork(nn.Module):
    """Defined by its forward pass: every operation's layer is made the first time it is met.

    Takes (N, 3, S, S); returns mask logits (N, 1, S, S) and presence logits (N, 1) or None.
    """

    def __init__(self, architecture: network.Architecture, size: int, presence: bool = True):
        super().__init__()
        self.architecture, self.size, self.presence = architecture, size, presence
        self.named = nn.ModuleDict()
        self._scan: torch.Tensor | None = None
        with torch.no_grad():
            self(torch.zeros(1, 3, size, size))

    def forward(self, scan: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        self._scan = scan
        return network.build(self, self.architecture, self.size, self.presence)

    def _layer(self, name: str, make) -> nn.Module:
        name = name.replace(".", "/")  # a module's name may hold no dot
        if name not in self.named:
            self.named[name] = make()
        return self.named[name]

    def _same(self, x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
        """TensorFlow's "same": an odd row and column go to the bottom and right."""
        total = max(kernel - stride, 0) if x.shape[-1] % stride == 0 else kernel - 1
        before = total // 2
        return functional.pad(x, (before, total - before) * 2)

    def input(self, size, channels):
        return self._scan

    def conv(self, x, filters, kernel, name, stride=1, bias=True):
        make = lambda: nn.Conv2d(x.shape[1], filters, kernel, stride, bias=bias)  # noqa: E731
        return self._layer(name, make)(self._same(x, kernel, stride))

    def depthwise(self, x, kernel, name, stride=1):
        channels = x.shape[1]
        make = lambda: nn.Conv2d(  # noqa: E731
            channels, channels, kernel, stride, groups=channels, bias=False
        )
        return self._layer(name, make)(self._same(x, kernel, stride))

    def conv_transpose(self, x, filters, name):
        return self._layer(name, lambda: nn.ConvTranspose2d(x.shape[1], filters, 2, 2))(x)

    def norm(self, x, name):
        return self._layer(name, lambda: nn.BatchNorm2d(x.shape[1], eps=1e-3, momentum=0.01))(x)

    def relu(self, x):
        return functional.relu(x)

    def relu6(self, x):
        return functional.relu6(x)

    def sigmoid(self, x):
        return torch.sigmoid(x)

    def add(self, a, b):
        return a + b

    def concat(self, tensors):
        return torch.cat(tensors, 1)

    def max_pool(self, x):
        return functional.max_pool2d(x, 2)

    def upsample(self, x):
        return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    def global_average(self, x):
        return x.mean((2, 3))

    def global_max(self, x):
        return x.amax((2, 3))

    def dropout(self, x, rate):
        return functional.dropout(x, rate, self.training)

    def dense(self, x, units, name):
        return self._layer(name, lambda: nn.Linear(x.shape[1], units))(x)
