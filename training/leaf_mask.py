"""Where the leaf is in a photo of one leaf before an even, greyish background."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

# Shares of the photo outside of which the mask is not believed.
least, most = 0.12, 0.9
levels = 64
margin = 6


def leaf_mask(pixels: np.ndarray) -> np.ndarray | None:
    """(height, width, 3) uint8 → (height, width) from 0 to 1, soft at the edge; none where no leaf is told from its background."""
    smooth = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2))
    difference = _from_background(np.asarray(smooth, np.float32))
    found = Image.fromarray(((difference > _otsu(difference)) * 255).astype(np.uint8))
    smoothed = found.filter(ImageFilter.GaussianBlur(2.5)).point(lambda level: 255 if level > 127 else 0)
    whole = _without_holes(smoothed)
    if not least < np.asarray(whole).mean() / 255 < most:
        return None
    edge = whole.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(1.5))
    return np.asarray(edge, np.float32) / 255


def _from_background(colour: np.ndarray) -> np.ndarray:
    """How far each pixel's hue is from the border's, whatever its light: a shadow is as grey as the rest."""
    light = colour.sum(axis=2, keepdims=True) + 40
    hue = np.log((colour[..., [0, 2]] + 12) / (colour[..., [1]] + 12)) * np.minimum(1, light / 160)
    edges = (hue[:margin], hue[-margin:], hue[:, :margin], hue[:, -margin:])
    border = np.concatenate([edge.reshape(-1, 2) for edge in edges])
    return np.sqrt(((hue - np.median(border, axis=0)) ** 2).sum(axis=2)).clip(0, 0.5)


def _without_holes(mask: Image.Image) -> Image.Image:
    """What the border can't reach is leaf. Looked for at a quarter of the size, because filling takes long."""
    small = (mask.width // 4, mask.height // 4)
    framed = Image.new("L", (small[0] + 2, small[1] + 2), 0)
    framed.paste(mask.resize(small, Image.Resampling.BOX).point(lambda level: 255 if level > 127 else 0), (1, 1))
    ImageDraw.floodfill(framed, (0, 0), 128)
    outside = framed.point(lambda level: 255 if level == 128 else 0).filter(ImageFilter.MaxFilter(3))
    reached = outside.crop((1, 1, small[0] + 1, small[1] + 1)).resize(mask.size, Image.Resampling.NEAREST)
    return ImageChops.lighter(mask, ImageChops.invert(reached))


def _otsu(values: np.ndarray) -> float:
    """The threshold between two groups whose means are farthest apart (N. Otsu, 1979)."""
    counts, edges = np.histogram(values, levels)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = sums / below - (sums[-1] - sums) / above
        between = np.nan_to_num(below * above * distance**2)
    return float(edges[1 + int(np.argmax(between))])
