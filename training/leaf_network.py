"""
MobileNetV2 (Sandler et al., 2018) with one output for each disease of each plant and one for everything else. It starts
from the weights of the npm package nsfwjs 4.3.0 (MIT), as `node unpack-nsfwjs.cjs` wrote them.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import pad, relu6

from features import Weights, smallest_variance
from leaf_photos import other

# Channels, blocks and stride of each stage, and how much a block widens what it gets.
stages = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
widening = 6
first, last = 32, 1280
# Blocks that stay as they are: edges and colours are the same everywhere, and these take half the time.
frozen = 3


class LeafNetwork(nn.Module):
    """(n, 3, h, w; RGB, 0 to 1) → (n, 16): logarithms of odds."""

    def __init__(self):
        super().__init__()
        self.first = Normalised(3, first, 3, stride=2)
        blocks, channels = [], first
        for width, count, stride in stages:
            for index in range(count):
                blocks.append(Block(channels, width, stride if index == 0 else 1, 1 if not blocks else widening))
                channels = width
        self.blocks = nn.ModuleList(blocks)
        self.last = Normalised(channels, last, 1)
        self.dropout = nn.Dropout(0.2)
        self.answer = nn.Linear(last, other + 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features = self.early(image)
        for block in self.blocks[frozen:]:
            features = block(features)
        return self.answer(self.dropout(relu6(self.last(features)).mean(dim=(2, 3))))

    def early(self, image: torch.Tensor) -> torch.Tensor:
        features = relu6(self.first(image))
        for block in self.blocks[:frozen]:
            features = block(features)
        return features

    def train(self, mode: bool = True) -> "LeafNetwork":
        super().train(mode)
        for part in self.frozen_parts():
            part.train(False)
        return self

    def frozen_parts(self) -> list[nn.Module]:
        return [self.first, *self.blocks[:frozen]]

    def start_from(self, folder: Path) -> None:
        weights = Weights(folder, "mobilenet_v2").arrays
        self.first.take(weights, "Conv1/kernel", "bn_Conv1")
        self.last.take(weights, "Conv_1/kernel", "Conv_1_bn")
        for index, block in enumerate(self.blocks):
            name = f"block_{index}" if index else "expanded_conv"
            if block.expand:
                block.expand.take(weights, f"{name}_expand/kernel", f"{name}_expand_BN")
            block.depthwise.take(weights, f"{name}_depthwise/depthwise_kernel", f"{name}_depthwise_BN")
            block.project.take(weights, f"{name}_project/kernel", f"{name}_project_BN")


class Block(nn.Module):
    """An inverted residual: wider, each channel for itself, narrower."""

    def __init__(self, inputs: int, outputs: int, stride: int, factor: int):
        super().__init__()
        wide = inputs * factor
        self.adds = stride == 1 and inputs == outputs
        self.expand = Normalised(inputs, wide, 1) if factor > 1 else None
        self.depthwise = Normalised(wide, wide, 3, stride, groups=wide)
        self.project = Normalised(wide, outputs, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        wide = relu6(self.expand(features)) if self.expand else features
        narrow = self.project(relu6(self.depthwise(wide)))
        return features + narrow if self.adds else narrow


class Normalised(nn.Module):
    """A convolution without bias, then a batch normalisation. One that halves pads below and at the right, as Keras does."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1):
        super().__init__()
        self.halves = stride == 2
        self.convolution = nn.Conv2d(inputs, outputs, side, stride, 0 if self.halves else side // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=smallest_variance, momentum=0.05)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.norm(self.convolution(pad(features, (0, 1, 0, 1)) if self.halves else features))

    def take(self, weights: dict, kernel: str, norm: str) -> None:
        axes = (2, 3, 0, 1) if "depthwise" in kernel else (3, 2, 0, 1)
        with torch.no_grad():
            self.convolution.weight.copy_(torch.tensor(weights[kernel].transpose(axes)))
            self.norm.weight.copy_(torch.tensor(weights[f"{norm}/gamma"]))
            self.norm.bias.copy_(torch.tensor(weights[f"{norm}/beta"]))
            self.norm.running_mean.copy_(torch.tensor(weights[f"{norm}/moving_mean"]))
            self.norm.running_var.copy_(torch.tensor(weights[f"{norm}/moving_variance"]))

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The weight and bias of the convolution that does the same as both."""
        factor = self.norm.weight / (self.norm.running_var + self.norm.eps).sqrt()
        return self.convolution.weight * factor[:, None, None, None], self.norm.bias - self.norm.running_mean * factor
