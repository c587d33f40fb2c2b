"""The leaf photos of PlantVillage, split so that no leaf is on two sides, and photos of anything else."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

plants = {
    "potato": ("early_blight", "healthy", "late_blight"),
    "tomato": (
        "bacterial_spot",
        "early_blight",
        "healthy",
        "late_blight",
        "leaf_mold",
        "mosaic_virus",
        "septoria_leaf_spot",
        "spider_mites",
        "target_spot",
        "yellow_leaf_curl_virus",
    ),
    "pepper": ("bacterial_spot", "healthy"),
}
"""The order of the network's outputs; one more, the last, stands for everything else."""

outputs = [(plant, name) for plant, names in plants.items() for name in names]
other = len(outputs)
side = 256

# Held out of the photos to learn from, to make the confidence true: the last of each series of shots, and a gap before
# them, because shots that follow each other may show one leaf.
held_out_share = 0.1
gap = 3
smallest_series = 20
# One photo of four of anything else is kept for the test.
tested_every = 4


@dataclass(frozen=True)
class Photo:
    pixels: np.ndarray
    """(256, 256, 3), uint8."""
    output: int


def leaf_photos(folder: Path) -> tuple[list[Photo], list[Photo]]:
    """Those to learn from and those held out. The manifest's `test` and `buffer` are not opened."""
    with open(folder / "manifest.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    series = defaultdict(list)
    for row in rows:
        series[row["plant"], row["class"], row["series"]].append(row)
    learnt, held_out = [], []
    for shots in series.values():
        first, last = _divided(sorted(shots, key=lambda row: float(row["shot"] or 0)))
        learnt += first
        held_out += last
    return [_photo(folder, row) for row in learnt], [_photo(folder, row) for row in held_out]


def _divided(shots: list[dict]) -> tuple[list[dict], list[dict]]:
    if len(shots) < smallest_series:
        return shots, []
    start = len(shots) - round(len(shots) * held_out_share)
    held_out = shots[start:]
    leaves = {row["leaf_id"] for row in held_out if row["leaf_id"]}
    return [row for row in shots[: start - gap] if row["leaf_id"] not in leaves], held_out


def _photo(folder: Path, row: dict) -> Photo:
    return Photo(read(folder / row["file"]), outputs.index((row["plant"], row["class"])))


def other_photos(folder: Path) -> list[np.ndarray]:
    """Photos of anything, at least 256 pixels wide and high, without those kept for the test."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".jpg", ".bmp", ".png"))
    photos = [read(file) for index, file in enumerate(files) if index % tested_every]
    return [photo for photo in photos if min(photo.shape[:2]) >= side]


def read(file: Path) -> np.ndarray:
    """(height, width, 3), uint8."""
    return np.asarray(Image.open(file).convert("RGB"))
