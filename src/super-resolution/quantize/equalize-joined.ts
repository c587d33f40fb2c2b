import type { OnnxModel, OnnxNode, OnnxTensor } from '../onnx/model.ts';
import { floatsOf, joinsBefore, resultOf } from './layers.ts';
import { type Range, rangeOf } from './tensor-ranges.ts';

/**
 * The same network, in which what is joined before a convolution ranges as far as the first of what is joined: a ReLU's
 * result may be made larger by the weights before it and smaller by those after it (Nagel et al., "Data-Free
 * Quantization Through Weight Equalization and Bias Correction", 2019). One scale then suits them all.
 */
export function equalizeJoined(
  model: OnnxModel,
  layers: ReadonlySet<string>,
  ranges: ReadonlyMap<string, Range>,
): OnnxModel {
  const { node: nodes, initializer } = model.graph;
  const convolutions = nodes.filter(({ name }) => layers.has(name));
  const makers = new Map(convolutions.map(node => [resultOf(node, nodes), node]));
  const joins = new Map(joinsBefore(nodes, layers).map(({ input, output }) => [output[0] ?? '', input]));
  const factors = new Map<string, number>();
  for (const [first = '', ...others] of joins.values()) {
    for (const name of others.filter(other => makers.has(other))) {
      const factor = rangeOf(ranges, first).most / rangeOf(ranges, name).most;
      if (factor > 0 && factor < Infinity) factors.set(name, factor);
    }
  }
  const constants = new Map(initializer.map(tensor => [tensor.name, tensor]));
  const outputsOf = (node: OnnxNode | undefined) => constants.get(node?.input[1] ?? '')?.dims[0] ?? 0;
  for (const node of convolutions) {
    const [input = '', weight = '', bias = ''] = node.input;
    const factor = factors.get(resultOf(node, nodes)) ?? 1;
    const others = (joins.get(input) ?? []).slice(1);
    const columns = others.flatMap(name =>
      new Array<number>(outputsOf(makers.get(name))).fill(factors.get(name) ?? 1),
    );
    for (const [name, divisors] of [
      [weight, columns],
      [bias, []],
    ] as const) {
      const tensor = constants.get(name);
      if (tensor !== undefined) constants.set(name, scaled(tensor, factor, divisors));
    }
  }
  return { ...model, graph: { ...model.graph, initializer: [...constants.values()] } };
}

/** @param divisors of the last input channels */
function scaled(tensor: OnnxTensor, factor: number, divisors: readonly number[]): OnnxTensor {
  const [, inputs = 1, height = 1, width = 1] = tensor.dims;
  const first = inputs - divisors.length;
  const values = floatsOf(tensor).map((value, index) => {
    const input = Math.floor(index / (height * width)) % inputs;
    return (value * factor) / (divisors[input - first] ?? 1);
  });
  return { ...tensor, rawData: new Uint8Array(values.buffer) };
}
