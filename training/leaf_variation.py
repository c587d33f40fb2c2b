"""Leaf photos as other cameras, lights and grounds would have made them, and images that show no leaf."""

import numpy as np
from PIL import Image, ImageFilter

from degradation import jpeg
from leaf_mask import leaf_mask
from leaf_photos import Photo, other, side

# Background and light alone tell a third of PlantVillage's classes: half of the photos get another background.
replaced_share = 0.5
# Of a batch.
other_share = 0.125


class Variations:
    """Batches without end, each a function of the seed and its number alone."""

    def __init__(self, photos: list[Photo], others: list[np.ndarray], seed: int):
        self.photos = photos
        self.masks = [leaf_mask(photo.pixels) for photo in photos]
        self.masked = [index for index, mask in enumerate(self.masks) if mask is not None]
        self.others = others
        self.seed = seed

    def batch(self, number: int, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(count, 3, size, size) float32 from 0 to 1, and the output each should have."""
        random = np.random.default_rng([self.seed, number])
        others = round(count * other_share)
        leaves = [self._photo(number * (count - others) + place) for place in range(count - others)]
        images = [self._leaf(index, random) for index in leaves] + [self._no_leaf(random) for _ in range(others)]
        wanted = [self.photos[index].output for index in leaves] + [other] * others
        planes = [_shot(image, random, size).transpose(2, 0, 1) for image in images]
        return np.stack(planes).astype(np.float32) / 255, np.array(wanted)

    def _photo(self, place: int) -> int:
        """Every photo once before any comes again, each time in another order."""
        turn, index = divmod(place, len(self.photos))
        return int(np.random.default_rng([self.seed, 0, turn]).permutation(len(self.photos))[index])

    def _leaf(self, index: int, random: np.random.Generator) -> np.ndarray:
        pixels, mask = self.photos[index].pixels, self.masks[index]
        if mask is None or random.random() > replaced_share:
            return pixels
        return _blended(pixels, self._ground(random), mask)

    def _no_leaf(self, random: np.random.Generator) -> np.ndarray:
        kind = random.integers(4)
        if kind < 2:
            return self._cut(random)
        if kind == 2:
            return _even(random)
        # The shape of a leaf alone makes no leaf, nor does PlantVillage's background.
        index = self.masked[random.integers(len(self.masked))]
        filling = self._cut(random) if random.integers(2) else _even(random)
        return _blended(filling, self.photos[index].pixels, self.masks[index])

    def _ground(self, random: np.random.Generator) -> np.ndarray:
        if random.integers(2):
            return _even(random)
        cut = self._cut(random)
        return _blurred(cut, random.uniform(1, 6)) if random.integers(2) else cut

    def _cut(self, random: np.random.Generator) -> np.ndarray:
        photo = self.others[random.integers(len(self.others))]
        height, width = photo.shape[:2]
        wide = int(random.integers(side // 2, min(height, width) + 1))
        top, left = random.integers(height - wide + 1), random.integers(width - wide + 1)
        image = Image.fromarray(photo[top : top + wide, left : left + wide])
        return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))


def _even(random: np.random.Generator) -> np.ndarray:
    """One colour, often grey, that gets lighter to one side, with a grain."""
    colour = random.uniform(0, 255) + random.normal(0, random.choice([4, 40]), 3)
    slope, direction = random.uniform(0, 80), random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-0.5 : 0.5 : side * 1j, -0.5 : 0.5 : side * 1j]
    light = slope * (np.cos(direction) * x + np.sin(direction) * y)
    grain = _blurred_noise(random) * random.uniform(0, 25)
    return np.clip(colour + (light + grain)[..., None], 0, 255).astype(np.uint8)


def _blurred_noise(random: np.random.Generator) -> np.ndarray:
    coarse = int(random.integers(1, 5))
    small = random.normal(0, 1, (side // coarse + 1, side // coarse + 1))
    return np.kron(small, np.ones((coarse, coarse)))[:side, :side]


def _blended(front: np.ndarray, back: np.ndarray, mask: np.ndarray) -> np.ndarray:
    share = mask[..., None]
    return np.rint(front * share + back * (1 - share)).astype(np.uint8)


def _blurred(pixels: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _shot(pixels: np.ndarray, random: np.random.Generator, size: int) -> np.ndarray:
    """(256, 256, 3) → (size, size, 3), uint8: turned, mirrored, nearer or farther, in another light, less sharp, compressed."""
    image = _lit(_turned(pixels, random, size), random)
    fault = random.integers(6)
    if fault == 0:
        return _blurred(image, random.uniform(0.3, 1.2))
    if fault == 1:
        return np.clip(image + random.normal(0, random.uniform(2, 10), image.shape), 0, 255).astype(np.uint8)
    return jpeg(image, int(random.integers(40, 91))) if fault == 2 else image


def _turned(pixels: np.ndarray, random: np.random.Generator, size: int) -> np.ndarray:
    edge = side // 4
    padded = Image.fromarray(np.pad(pixels, ((edge, edge), (edge, edge), (0, 0)), mode="reflect"))
    angle, scale = random.uniform(0, 2 * np.pi), side / size * np.exp(random.uniform(np.log(0.6), np.log(1.1)))
    stretch = np.exp(random.uniform(-0.12, 0.12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([scale * stretch * random.choice([-1, 1]), scale / stretch])
    room = max(0.0, side - size * scale) / 2
    middle = side / 2 + edge + random.uniform(-1, 1, 2) * room
    offset = middle - matrix @ np.array([size / 2, size / 2])
    place = (*matrix[0], offset[0], *matrix[1], offset[1])
    return np.asarray(padded.transform((size, size), Image.Transform.AFFINE, place, Image.Resampling.BILINEAR))


def _lit(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    colour = image.astype(np.float32) / 255
    colour = colour * np.exp(random.normal(0, 0.08, 3)) * np.exp(random.normal(0, 0.2))
    grey = colour.mean(axis=2, keepdims=True)
    colour = grey + (colour - grey) * random.uniform(0.75, 1.25)
    colour = colour.mean() + (colour - colour.mean()) * random.uniform(0.75, 1.25)
    colour = np.clip(colour, 0, 1) ** np.exp(random.normal(0, 0.15))
    return np.rint(colour * 255).astype(np.uint8)
