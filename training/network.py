"""The networks that Tintype ships: a chain of 3 × 3 convolutions at the small size, and a pixel shuffle at its end."""

import torch
from torch import nn


class Chain(nn.Module):
    """
    Enlarges (batch, channels, height, width), values 0 to 1, `scale` times. What the chain computes is added to the
    repeated pixels. ReLU is the activation that ONNX Runtime joins with a convolution, and a width that is a multiple of
    16 is what it computes fastest.
    """

    def __init__(self, channels: int, width: int, depth: int, scale: int):
        super().__init__()
        self.scale = scale
        self.head = nn.Conv2d(channels, width, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.tail = nn.Conv2d(width, channels * scale**2, 3, padding=1)
        self._start()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.head(image))
        for convolution in self.body:
            features = torch.relu(convolution(features))
        repeated = image.repeat_interleave(self.scale**2, dim=1)
        return nn.functional.pixel_shuffle(self.tail(features) + repeated, self.scale)

    def _start(self) -> None:
        """A deep chain without skips learns from the start when each layer passes half of what it gets."""
        for convolution in [self.head, *self.body, self.tail]:
            nn.init.zeros_(convolution.bias)
        nn.init.kaiming_normal_(self.head.weight)
        for convolution in self.body:
            nn.init.kaiming_normal_(convolution.weight)
            with torch.no_grad():
                convolution.weight *= 0.5
                convolution.weight[:, :, 1, 1] += 0.5 * torch.eye(convolution.out_channels)
        nn.init.normal_(self.tail.weight, std=0.01)

    def take_body(self, other: "Chain") -> None:
        """Starts from a network of another scale."""
        self.head.load_state_dict(other.head.state_dict())
        self.body.load_state_dict(other.body.state_dict())
