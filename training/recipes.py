"""What is trained, and how."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from degradation import jpeg


@dataclass(frozen=True)
class Recipe:
    """
    `channels` is 1 for networks that enlarge the luma alone, 3 for RGB. The networks whose body this one starts from is
    `starts_from`. `degrade` makes the small images worse. One that is `adversarial` is trained by train_gan.py.
    """

    channels: int
    width: int
    depth: int
    scale: int
    iterations: int
    learning_rate: float = 1e-3
    starts_from: str | None = None
    degrade: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None
    adversarial: bool = False


def compressed(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As cameras and web sites leave it: a JPEG of quality 20 to 60, one of four with noise before that."""
    if random.integers(4) == 0:
        noise = random.normal(0, random.uniform(0, 8), image.shape)
        image = np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
    return jpeg(image, int(random.integers(20, 61)))


recipes = {
    "psnr-small-x2": Recipe(channels=1, width=32, depth=6, scale=2, iterations=30_000),
    "psnr-small-x4": Recipe(
        channels=1, width=32, depth=6, scale=4, iterations=15_000, starts_from="psnr-small-x2", learning_rate=5e-4
    ),
    "psnr-large-x2": Recipe(channels=1, width=64, depth=10, scale=2, iterations=40_000),
    "psnr-large-x4": Recipe(
        channels=1, width=64, depth=10, scale=4, iterations=8_000, starts_from="psnr-large-x2", learning_rate=5e-4
    ),
    "noise-cancel-x2": Recipe(channels=3, width=48, depth=10, scale=2, iterations=16_000, degrade=compressed),
    "gans-x4": Recipe(
        channels=1, width=64, depth=10, scale=4, iterations=6_000, starts_from="psnr-large-x4", adversarial=True
    ),
}
