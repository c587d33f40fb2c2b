"""Photos to learn from and to measure on."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from degradation import luma, shrink

# Each photo is learnt from as it is and smaller.
sizes = (1.0, 0.7)
# One patch of so many is of one colour: photos have too little of it to learn that an image's border is not dark.
flat_every = 16


def read(file: Path) -> np.ndarray:
    """(height, width, 3), uint8."""
    return np.asarray(Image.open(file).convert("RGB"))


def cropped(image: np.ndarray, scale: int) -> np.ndarray:
    """Its largest part that `scale` divides."""
    height, width = (side // scale * scale for side in image.shape[:2])
    return image[:height, :width]


class Patches:
    """Pairs of small and large patches, at random and without end."""

    def __init__(self, folder: Path, scale: int, degrade=None, channels: int = 1):
        """`degrade(small, random)` makes the small images worse, anew for each patch."""
        self.scale = scale
        self.degrade = degrade
        self.channels = channels
        files = sorted(file for file in folder.rglob("*") if file.suffix in (".jpg", ".bmp", ".png"))
        originals = [read(file) for file in files]
        large = [image if size == 1 else shrink(image, 1 / size) for size in sizes for image in originals]
        self.large = [cropped(image, scale) for image in large]
        self.small = [shrink(image, scale) for image in self.large]

    def batch(self, random: np.random.Generator, count: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(count, channels, side, side) and the same `scale` times as large, values 0 to 1. Throws when no photo is so large."""
        if all(min(image.shape[:2]) < side for image in self.small):
            raise ValueError(f"No photo is {side * self.scale} pixels wide and high.")
        pairs = [self._pair(random, side) for _ in range(count)]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*pairs))

    def _pair(self, random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        small, large = self._flat(random, side) if random.integers(flat_every) == 0 else self._cut(random, side)
        if self.degrade:
            small = self.degrade(small, random)
        turns, mirrored = random.integers(4), random.integers(2)
        return tuple(self._planes(_turned(image, turns, mirrored)) for image in (small, large))

    def _flat(self, random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        level = random.integers(-128, 384)
        colour = np.clip(level + random.integers(-40, 41, 3), 0, 255).astype(np.uint8)
        return tuple(np.tile(colour, (wide, wide, 1)) for wide in (side, side * self.scale))

    def _cut(self, random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        while True:
            index = random.integers(len(self.large))
            height, width = self.small[index].shape[:2]
            if min(height, width) >= side:
                break
        y, x = random.integers(height - side + 1), random.integers(width - side + 1)
        small = self.small[index][y : y + side, x : x + side]
        y, x, wide = y * self.scale, x * self.scale, side * self.scale
        return small, self.large[index][y : y + wide, x : x + wide]

    def _planes(self, image: np.ndarray) -> np.ndarray:
        if self.channels == 1:
            return luma(image)[None]
        return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / 255


def _turned(image: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    image = np.rot90(image, turns)
    return image[:, ::-1] if mirrored else image


