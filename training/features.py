"""
What networks that tell pictures apart see in an image: two of the npm package nsfwjs 4.3.0 (MIT), as
`node unpack-nsfwjs.cjs` wrote them. One is what `gans` learns by, and the other what it is judged by.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import max_pool2d, pad

smallest_variance = 1e-3


class InceptionFeatures(nn.Module):
    """The first layers of Inception v3: (n, 3, h, w; RGB, 0 to 1) → features after the 1st, 3rd and 5th convolution."""

    def __init__(self, folder: Path):
        super().__init__()
        read = Weights(folder, "inception_v3")
        strides, paddings = (2, 1, 1, 1, 1), (0, 0, 1, 0, 0)
        self.layers = nn.ModuleList(
            read.convolution(f"conv2d_{index}/kernel", f"batch_normalization_{index}", stride, padding)
            for index, stride, padding in zip(range(1, 6), strides, paddings)
        )

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        features, kept = image, []
        for index, layer in enumerate(self.layers):
            features = torch.relu(layer(features))
            if index in (0, 2, 4):
                kept.append(features)
            if index == 2:
                features = max_pool2d(features, 3, 2)
        return kept


class MobileNetFeatures(nn.Module):
    """MobileNetV2 up to a eighth of the size: (n, 3, h, w; RGB, 0 to 1) → what blocks 1, 3 and 6 widen it to."""

    def __init__(self, folder: Path):
        super().__init__()
        self.read = Weights(folder, "mobilenet_v2")
        self.first = self.read.convolution("Conv1/kernel", "bn_Conv1", 2)
        self.blocks = nn.ModuleList(Block(self.read, index) for index in range(7))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        features, kept = relu6(self.first(pad(image, (0, 1, 0, 1)))), []
        for block in self.blocks:
            wide = block.widened(features)
            if block.index in (1, 3, 6):
                kept.append(wide)
            features = block(features, wide)
        return kept


class Block(nn.Module):
    """An inverted residual: wider, each channel for itself, narrower."""

    def __init__(self, read: "Weights", index: int):
        super().__init__()
        self.index = index
        name = f"block_{index}" if index else "expanded_conv"
        self.halves, self.adds = index in (1, 3, 6), index in (2, 4, 5)
        self.expand = read.convolution(f"{name}_expand/kernel", f"{name}_expand_BN") if index else None
        depthwise = f"{name}_depthwise"
        padding, stride = (0, 2) if self.halves else (1, 1)
        self.depthwise = read.convolution(f"{depthwise}/depthwise_kernel", f"{depthwise}_BN", stride, padding)
        self.project = read.convolution(f"{name}_project/kernel", f"{name}_project_BN")

    def widened(self, features: torch.Tensor) -> torch.Tensor:
        return relu6(self.expand(features)) if self.expand else features

    def forward(self, features: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
        padded = pad(wide, (0, 1, 0, 1)) if self.halves else wide
        narrow = self.project(relu6(self.depthwise(padded)))
        return features + narrow if self.adds else narrow


class Weights:
    """The weights of one network by their Keras names, from 8-bit numbers."""

    def __init__(self, folder: Path, network: str):
        stored = np.fromfile(folder / f"{network}.bin", np.uint8)
        self.arrays, start = {}, 0
        for entry in json.loads((folder / f"{network}.json").read_text()):
            end = start + int(np.prod(entry["shape"]))
            scale, least = entry["quantization"]["scale"], entry["quantization"]["min"]
            self.arrays[entry["name"]] = (stored[start:end] * scale + least).reshape(entry["shape"])
            start = end

    def convolution(self, kernel: str, norm: str, stride: int = 1, padding: int = 0) -> nn.Conv2d:
        """With the batch normalisation after it folded in. Nothing of it is learnt."""
        weight = self.arrays[kernel].transpose(2, 3, 0, 1) if "depthwise" in kernel else self.arrays[kernel].transpose(3, 2, 0, 1)
        gamma = self.arrays.get(f"{norm}/gamma", 1)
        factor = gamma / np.sqrt(self.arrays[f"{norm}/moving_variance"] + smallest_variance)
        bias = self.arrays[f"{norm}/beta"] - self.arrays[f"{norm}/moving_mean"] * factor
        outputs, inputs, side, _ = weight.shape
        groups = outputs if "depthwise" in kernel else 1
        layer = nn.Conv2d(inputs * groups, outputs, side, stride, padding, groups=groups)
        layer.weight.data = torch.tensor(weight * factor[:, None, None, None], dtype=torch.float32)
        layer.bias.data = torch.tensor(bias, dtype=torch.float32)
        return layer.requires_grad_(False)


def relu6(features: torch.Tensor) -> torch.Tensor:
    return features.clamp(0, 6)


def distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> torch.Tensor:
    """
    Between the features of two images: each pixel's as vectors of length 1, their squared difference, the mean over
    pixels, the sum over layers (R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
    metric", 2018, without weights learnt from people's judgements).
    """
    return sum((unit(a) - unit(b)).square().sum(dim=1).mean() for a, b in zip(one, other))


def unit(features: torch.Tensor) -> torch.Tensor:
    return features / (features.square().sum(dim=1, keepdim=True) + 1e-10).sqrt()
