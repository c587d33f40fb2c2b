"""PSNR of what was learnt so far, on luma: `python evaluate.py psnr-small-x2 --learnt FOLDER --photos Set5 Set14`."""

import argparse
from pathlib import Path

import numpy as np
import torch

from degradation import jpeg, luma, shrink
from photos import cropped, read
from recipes import recipes
from train import network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=recipes)
    parser.add_argument("--learnt", type=Path, required=True)
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    parser.add_argument("--quality", type=int, help="of the JPEG that the small images were")
    options = parser.parse_args()
    recipe = recipes[options.network]
    state = torch.load(options.learnt / f"{options.network}.pt", weights_only=True, map_location="cpu")
    chain = network(recipe)
    chain.load_state_dict(state["average"])
    for folder in options.photos:
        ratios = [psnr(chain, recipe, read(file), options.quality) for file in sorted(folder.glob("*.png"))]
        print(f"{options.network} after {state['done']}, {folder.name}: {np.mean(ratios):.2f} dB")


def psnr(chain: torch.nn.Module, recipe, original: np.ndarray, quality: int | None) -> float:
    """In dB, without `scale` pixels at each border."""
    large = cropped(original, recipe.scale)
    small = shrink(large, recipe.scale)
    if quality:
        small = jpeg(small, quality)
    planes = luma(small)[None] if recipe.channels == 1 else small.transpose(2, 0, 1).astype(np.float32) / 255
    with torch.no_grad():
        enlarged = chain(torch.from_numpy(np.ascontiguousarray(planes))[None])[0].numpy()
    if recipe.channels == 3:
        enlarged = luma(np.clip(np.rint(enlarged.transpose(1, 2, 0) * 255), 0, 255))
    difference = (np.squeeze(enlarged) - luma(large))[recipe.scale : -recipe.scale, recipe.scale : -recipe.scale]
    return -10 * np.log10(np.mean(difference.astype(np.float64) ** 2))


if __name__ == "__main__":
    main()
