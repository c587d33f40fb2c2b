"""Writes the network that judges `gans` as ONNX: `python export_features.py --features FOLDER --out FILE`."""

import argparse
from pathlib import Path

import torch

from features import MobileNetFeatures

sizes = {"image": {2: "h", 3: "w"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="what unpack-nsfwjs.cjs wrote")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = MobileNetFeatures(options.features)
    names = ["block1", "block3", "block6"]
    shapes = {name: {2: f"h_{name}", 3: f"w_{name}"} for name in names}
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 64, 64),),
        options.out,
        input_names=["image"],
        output_names=names,
        dynamic_axes=sizes | shapes,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
