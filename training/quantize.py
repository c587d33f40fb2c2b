"""
Writes the int8 variant of a network: `python quantize.py psnr-small-x2 --photos FOLDER --models FOLDER`. Weights are
signed and scaled by channel, what flows between the layers is unsigned; the first and the last layer stay as they are.
"""

import argparse
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from photos import Patches
from recipes import recipes

crops = 32
# Of what a small image was made of, in pixels: no photo is too small for it.
large_side = 192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=recipes)
    parser.add_argument("--photos", type=Path, required=True, help="folder with BSDS500 (train, test) and T91")
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args()
    exact = options.models / f"{options.network}.onnx"
    prepared = options.models / f"{options.network}.prepared.onnx"
    quant_pre_process(exact, prepared)
    recipe = recipes[options.network]
    quantize_static(
        prepared,
        options.models / f"{options.network}.int8.onnx",
        Calibration(options.photos, recipe.scale, recipe.degrade),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        nodes_to_quantize=[f"body{index + 1}" for index in range(recipe.depth)],
        op_types_to_quantize=["Conv"],
        extra_options={"ActivationSymmetric": False},
    )
    prepared.unlink()


class Calibration(CalibrationDataReader):
    """Small images of whatever the network will see."""

    def __init__(self, photos: Path, scale: int, degrade):
        patches = Patches(photos, scale, degrade, channels=3)
        small, _ = patches.batch(np.random.default_rng(0), crops, large_side // scale)
        self.images = iter(small.numpy())

    def get_next(self):
        image = next(self.images, None)
        return None if image is None else {"image": image[None]}


if __name__ == "__main__":
    main()
