"""
Writes what was learnt as the ONNX file that Tintype runs: `python export.py psnr-small-x2 --learnt FOLDER --out FOLDER`.

All files have one shape: `image` (n, 3, h, w; RGB, 0 to 1) becomes `enlarged` (n, 3·scale², h, w), in the order that a
pixel shuffle turns into (n, 3, h·scale, w·scale). A network of luma alone gets its colours by cubic interpolation, and
every linear step around it is folded into a convolution, so that all work is done at the small size.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from network import Chain
from recipes import recipes
from train import network

opset = 21
# Y of BT.601, 16 to 235, and how much a step of Y moves R, G and B.
luma_shares = np.float64([65.481, 128.553, 24.966]) / 255
luma_offset = 16 / 255
steps_of_luma = 255 / 219


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=recipes)
    parser.add_argument("--learnt", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    recipe = recipes[options.network]
    state = torch.load(options.learnt / f"{options.network}.pt", weights_only=True, map_location="cpu")
    chain = network(recipe)
    chain.load_state_dict(state["average"])
    options.out.mkdir(parents=True, exist_ok=True)
    onnx.save(as_onnx(chain, recipe.channels), options.out / f"{options.network}.onnx")


def as_onnx(chain: Chain, channels: int) -> onnx.ModelProto:
    graph = Graph()
    weight, bias = values(chain.head)
    if channels == 1:
        bias = bias + luma_offset * weight.sum(axis=(1, 2, 3))
        weight = weight * luma_shares[None, :, None, None]
    features = graph.convolution("head", "image", weight, bias, relu=True)
    for index, layer in enumerate(chain.body):
        features = graph.convolution(f"body{index + 1}", features, *values(layer), relu=True)
    weight, bias = values(chain.tail)
    if channels == 1:
        luma = graph.convolution("tail", features, weight * steps_of_luma, bias * steps_of_luma)
        detail = graph.node("Concat", [luma] * 3, axis=1)
        padded = graph.node("Pad", ["image", graph.constant("margin", np.int64([0, 0, 2, 2, 0, 0, 2, 2]))], mode="edge")
        base = graph.convolution("colours", padded, interpolated_colours(chain.scale), None, padding=0)
    else:
        detail = graph.convolution("tail", features, weight, bias)
        repeat = np.repeat(np.eye(3), chain.scale**2, axis=0)[:, :, None, None]
        base = graph.convolution("repeat", "image", repeat, None, padding=0)
    graph.node("Add", [base, detail], output="enlarged")
    return graph.model(chain.scale)


def interpolated_colours(scale: int) -> np.ndarray:
    """(3·scale², 3, 5, 5): cubic RGB, with the luma of each phase replaced by the small pixel's own."""
    own = np.zeros((5, 5))
    own[2, 2] = 1
    weight = np.zeros((3, scale, scale, 3, 5, 5))
    for y in range(scale):
        for x in range(scale):
            cubic = np.outer(cubic_phase(y, scale), cubic_phase(x, scale))
            for colour in range(3):
                weight[colour, y, x, colour] = cubic
                for share, plane in zip(luma_shares, weight[colour, y, x]):
                    plane += steps_of_luma * share * (own - cubic)
    return weight.reshape(3 * scale**2, 3, 5, 5)


def cubic_phase(phase: int, scale: int) -> np.ndarray:
    """The shares of five pixels (Keys' cubic, a = -0.5) in the phase-th of `scale` new ones in the middle pixel."""
    distance = np.abs((phase + 0.5) / scale - 0.5 - np.arange(-2, 3))
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def values(layer: torch.nn.Conv2d) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()


class Graph:
    """ONNX nodes in the order in which they are added."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str | None = None, **attributes) -> str:
        name = output or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def convolution(self, name: str, source: str, weight, bias, padding: int | None = None, relu=False) -> str:
        padding = weight.shape[2] // 2 if padding is None else padding
        inputs = [source, self.constant(f"{name}.weight", weight.astype(np.float32))]
        if bias is not None:
            inputs.append(self.constant(f"{name}.bias", bias.astype(np.float32)))
        result = self.node("Conv", inputs, name, pads=[padding] * 4)
        return self.node("Relu", [result]) if relu else result

    def model(self, scale: int) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
        enlarged = helper.make_tensor_value_info("enlarged", TensorProto.FLOAT, ["n", 3 * scale**2, "h", "w"])
        graph = helper.make_graph(self.nodes, "super-resolution", [image], [enlarged], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        return model


if __name__ == "__main__":
    main()
