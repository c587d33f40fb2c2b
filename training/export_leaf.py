"""
Writes what was learnt as the ONNX file that the analyzer runs: `python export_leaf.py --leaves FOLDER --learnt FOLDER
--out FOLDER`. `image` (n, h, w, 3; RGB, uint8) becomes `probabilities` (n, 16). Before that, one number is fitted on
the photos that were held out, so that the probabilities are neither too sure nor too unsure.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from export import Graph, opset
from leaf_network import Block, LeafNetwork, Normalised
from leaf_photos import leaf_photos, other
from train_leaf import answered, answering_size, best, name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=Path, required=True)
    parser.add_argument("--learnt", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = LeafNetwork()
    state = torch.load(options.learnt / name, weights_only=True, map_location="cpu")
    network.load_state_dict(state["average"])
    held_out = leaf_photos(options.leaves)[1]
    answers = answered(network, held_out, answering_size).astype(np.float64)
    wanted = np.array([photo.output for photo in held_out])
    temperature = fitted_temperature(answers, wanted)
    right = np.mean([best(answer, output) == output for answer, output in zip(answers, wanted)])
    print(f"after {state['done']} batches; held out: {len(wanted)} photos, {right:.4f} right; temperature {temperature:.3f}")
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "classifier.onnx"
    onnx.save(as_onnx(network, temperature), file)
    check(file, network, temperature, held_out[0].pixels)


def fitted_temperature(answers: np.ndarray, wanted: np.ndarray) -> float:
    """What the logarithms of odds are divided by so that what happened was likeliest (C. Guo et al., 2017)."""
    candidates = np.exp(np.linspace(np.log(0.2), np.log(5), 400))
    losses = [-np.mean(_log_softmax(answers / one)[np.arange(len(wanted)), wanted]) for one in candidates]
    return float(candidates[int(np.argmin(losses))])


def _log_softmax(answers: np.ndarray) -> np.ndarray:
    answers = answers - answers.max(axis=1, keepdims=True)
    return answers - np.log(np.exp(answers).sum(axis=1, keepdims=True))


def as_onnx(network: LeafNetwork, temperature: float) -> onnx.ModelProto:
    graph = LeafGraph()
    planes = graph.node("Transpose", [graph.node("Cast", ["image"], to=TensorProto.FLOAT)], perm=[0, 3, 1, 2])
    features = graph.node("Div", [planes, graph.constant("white", np.float32(255))])
    features = graph.relu6(graph.layer("first", features, network.first))
    for index, block in enumerate(network.blocks):
        features = graph.block(f"block{index}", features, block)
    features = graph.relu6(graph.layer("last", features, network.last))
    features = graph.node("Flatten", [graph.node("GlobalAveragePool", [features])])
    weight = graph.half("answer.weight", network.answer.weight.detach() / temperature)
    bias = graph.constant("answer.bias", (network.answer.bias.detach() / temperature).numpy())
    answers = graph.node("Gemm", [features, weight, bias], transB=1)
    graph.node("Softmax", [answers], output="probabilities", axis=1)
    return graph.model()


class LeafGraph(Graph):
    def block(self, name: str, source: str, block: Block) -> str:
        wide = self.relu6(self.layer(f"{name}.expand", source, block.expand)) if block.expand else source
        wide = self.relu6(self.layer(f"{name}.depthwise", wide, block.depthwise))
        narrow = self.layer(f"{name}.project", wide, block.project)
        return self.node("Add", [source, narrow]) if block.adds else narrow

    def layer(self, name: str, source: str, layer: Normalised) -> str:
        weight, bias = layer.folded()
        inputs = [source, self.half(f"{name}.weight", weight.detach()), self.constant(f"{name}.bias", bias.detach().numpy())]
        pads = [0, 0, 1, 1] if layer.halves else [weight.shape[2] // 2] * 4
        stride = 2 if layer.halves else 1
        return self.node("Conv", inputs, name, pads=pads, strides=[stride] * 2, group=layer.convolution.groups)

    def half(self, name: str, value: torch.Tensor) -> str:
        """Half as many bytes in the file; the runtime widens it once, when it loads it."""
        return self.node("Cast", [self.constant(name, value.numpy().astype(np.float16))], to=TensorProto.FLOAT)

    def relu6(self, source: str) -> str:
        if "zero" not in {constant.name for constant in self.constants}:
            self.constant("zero", np.float32(0))
            self.constant("six", np.float32(6))
        return self.node("Clip", [source, "zero", "six"])

    def model(self) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", "h", "w", 3])
        probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", other + 1])
        graph = helper.make_graph(self.nodes, "leaves", [image], [probabilities], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        return model


def check(file: Path, network: LeafNetwork, temperature: float, pixels: np.ndarray) -> None:
    """Throws when the file and the network it was made from differ by more than the narrower numbers explain."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": pixels[None]})[0][0]
    network.eval()
    with torch.no_grad():
        answer = network(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255)
    wanted = torch.softmax(answer / temperature, dim=1)[0].numpy()
    if np.abs(found - wanted).max() > 0.01:
        raise ValueError(f"{file} answers {found}, and not {wanted}.")
    print(f"{file}: {file.stat().st_size} bytes, at most {np.abs(found - wanted).max():.5f} from what was learnt")


if __name__ == "__main__":
    main()
