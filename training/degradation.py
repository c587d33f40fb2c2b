"""Low resolution images as the field makes them to measure super-resolution: cubic, antialiased, as MATLAB's imresize."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image


def shrink(image: np.ndarray, scale: float) -> np.ndarray:
    """An image (height, width, channels; uint8) made smaller `scale` times: first its rows, then its columns, each rounded."""
    height, width = image.shape[:2]
    rows = _weights(height, round_up(height / scale), scale)
    columns = _weights(width, round_up(width / scale), scale)
    shrunk = _rounded(np.tensordot(rows, image.astype(np.float32), axes=(1, 0)))
    return _rounded(np.tensordot(columns, shrunk, axes=(1, 1)).transpose(1, 0, 2)).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """What is left of an RGB image when it was a JPEG (4:2:0) of that quality, 1 to 100."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def luma(image: np.ndarray) -> np.ndarray:
    """Y of BT.601, 16 to 235 of 255, as a fraction of 1: the channel on which super-resolution is measured."""
    return (16 + (image.astype(np.float32) @ np.float32([65.481, 128.553, 24.966])) / 255) / 255


def round_up(number: float) -> int:
    return int(np.ceil(number - 1e-9))


@lru_cache(maxsize=512)
def _weights(length: int, shrunk: int, scale: float) -> np.ndarray:
    """(shrunk, length): the share of each pixel in each new one. Keys' cubic with a = -0.5, as wide as `scale` pixels."""
    centre = (np.arange(shrunk) + 0.5) * scale - 0.5
    reach = int(np.ceil(2 * scale)) + 1
    pixel = np.floor(centre)[:, None].astype(int) + np.arange(-reach, reach + 1)
    share = _cubic((centre[:, None] - pixel) / scale)
    share /= share.sum(axis=1, keepdims=True)
    weights = np.zeros((shrunk, length), np.float32)
    np.add.at(weights, (np.arange(shrunk)[:, None], np.clip(pixel, 0, length - 1)), share)
    return weights


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _rounded(image: np.ndarray) -> np.ndarray:
    return np.clip(np.floor(image + 0.5), 0, 255)
