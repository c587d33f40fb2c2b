import {
  attributeTypes,
  elementTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../onnx/model.ts';
import { floatsOf, inputsOf, joinsBefore, resultOf } from './layers.ts';
import { type Range, rangeOf } from './tensor-ranges.ts';

const mostWeight = 127;
/** Leaves room for the sum that the bias is added to. */
const mostBias = 2 ** 30;
/** How much more than the first of what is joined others may seem to range because of rounding. */
const equalized = 1 + 1e-4;
/** ONNX Runtime's own operators: convolutions in integers with the channels last, which are twice as fast. */
const runtimeDomain = 'com.microsoft';

/** What is written in 8 bits where some of a network's convolutions are: what goes into them and what comes out. */
export function quantizedTensors(model: OnnxModel, layers: ReadonlySet<string>): string[] {
  const nodes = model.graph.node;
  const results = nodes.filter(({ name }) => layers.has(name)).map(node => resultOf(node, nodes));
  const joined = joinsBefore(nodes, layers).flatMap(({ input }) => input);
  return [...new Set([...inputsOf(nodes, layers), ...joined, ...results])];
}

/**
 * The network with these convolutions in 8 bits: weights signed and scaled by output, what flows between them unsigned
 * and scaled by tensor (Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", 2018). A ReLU after one of them is left out: its result can't be below zero.
 * @param ranges of all of `quantizedTensors`
 */
export function quantizeLayers(
  model: OnnxModel,
  layers: ReadonlySet<string>,
  ranges: ReadonlyMap<string, Range>,
): OnnxModel {
  const graph = { ...model.graph, ...new LayerQuantizer(model, layers, ranges).graph() };
  return { ...model, opsetImport: [...model.opsetImport, { domain: runtimeDomain, version: 1 }], graph };
}

/**
 * What is joined ranges as far as the first of it, if that is far enough, and so has the same scale: this one is copied
 * as it is, while scaling anew takes as long as the convolutions.
 */
function withRangesOfJoins(
  joins: Iterable<OnnxNode>,
  ranges: ReadonlyMap<string, Range>,
): Map<string, Range> {
  const all = new Map(ranges);
  for (const { input, output } of joins) {
    const [first, ...others] = input.map(name => rangeOf(all, name));
    const least = Math.min(...[first, ...others].map(range => range?.least ?? 0));
    const most = Math.max(first?.most ?? 0, ...others.map(range => range.most / equalized));
    all.set(output[0] ?? '', { least, most });
  }
  return all;
}

class LayerQuantizer {
  readonly #model: OnnxModel;
  readonly #layers: ReadonlySet<string>;
  readonly #joins: ReadonlySet<OnnxNode>;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors = new Map<string, OnnxTensor>();
  /** Tensors that are there in 8 bits. */
  readonly #quantized = new Set<string>();
  /** Those of them that are there in float32 as well. */
  readonly #dequantized = new Set<string>();

  constructor(model: OnnxModel, layers: ReadonlySet<string>, ranges: ReadonlyMap<string, Range>) {
    this.#model = model;
    this.#layers = layers;
    this.#joins = new Set(joinsBefore(model.graph.node, layers));
    this.#ranges = withRangesOfJoins(this.#joins, ranges);
    this.#constants = new Map(model.graph.initializer.map(tensor => [tensor.name, tensor]));
  }

  graph(): Pick<OnnxModel['graph'], 'node' | 'initializer'> {
    const nodes = this.#model.graph.node;
    const results = new Set(
      nodes.filter(node => this.#layers.has(node.name)).map(node => resultOf(node, nodes)),
    );
    for (const node of nodes) {
      if (this.#layers.has(node.name)) this.#convolution(node, resultOf(node, nodes));
      else if (this.#joins.has(node)) this.#join(node);
      else if (!results.has(node.output[0] ?? '')) this.#exact(node, results);
    }
    const used = new Set(this.#nodes.flatMap(({ input }) => input));
    const initializer = [...this.#model.graph.initializer, ...this.#tensors.values()];
    return { node: this.#nodes, initializer: initializer.filter(({ name }) => used.has(name)) };
  }

  /** A step in float32; takes what was made in 8 bits back from there. */
  #exact(node: OnnxNode, results: ReadonlySet<string>): void {
    for (const name of node.input.filter(each => results.has(each) && !this.#dequantized.has(each))) {
      this.#dequantized.add(name);
      this.#add('Transpose', `${name}.rounded`, [quantized(name)], [integers('perm', [0, 3, 1, 2])]);
      this.#add('DequantizeLinear', name, [`${name}.rounded`, ...this.#scale(name)]);
    }
    this.#nodes.push(node);
  }

  #convolution(node: OnnxNode, result: string): void {
    const [input = '', weight = '', bias = ''] = node.input;
    const { scale } = scaleOf(rangeOf(this.#ranges, input));
    const biases = floatsOf(this.#constant(bias));
    const scales = this.#weightScales(
      weight,
      Array.from(biases, each => Math.abs(each) / (mostBias * scale)),
    );
    const weightsOfOutput = floatsOf(this.#constant(weight)).length / scales.length;
    const weights = Int8Array.from(floatsOf(this.#constant(weight)), (value, index) =>
      Math.round(value / (scales[Math.floor(index / weightsOfOutput)] ?? 1)),
    );
    const roundedBiases = Int32Array.from(biases, (value, output) =>
      Math.round(value / (scale * (scales[output] ?? 1))),
    );
    const inputs = [
      this.#eightBits(input),
      ...this.#scale(input),
      this.#tensor(quantized(weight), 'int8', this.#constant(weight).dims, weights),
      this.#tensor(`${weight}.scale`, 'float', [scales.length], Float32Array.from(scales)),
      this.#tensor(`${weight}.zero`, 'int8', [scales.length], new Int8Array(scales.length)),
      ...this.#scale(result),
      this.#tensor(quantized(bias), 'int32', [scales.length], roundedBiases),
    ];
    const channelsLast: OnnxAttribute = { name: 'channels_last', type: attributeTypes.i, i: 1 };
    this.#made(result, 'QLinearConv', inputs, [...node.attribute, channelsLast]);
  }

  #join({ input, output: [result = ''] }: OnnxNode): void {
    const inputs = input.flatMap(name => [this.#eightBits(name), ...this.#scale(name)]);
    const axis: OnnxAttribute = { name: 'axis', type: attributeTypes.i, i: 3 };
    this.#made(result, 'QLinearConcat', [...this.#scale(result), ...inputs], [axis]);
  }

  #made(result: string, opType: string, input: readonly string[], attribute: readonly OnnxAttribute[]): void {
    this.#add(opType, quantized(result), input, attribute, runtimeDomain);
    this.#quantized.add(result);
  }

  /** The name of the tensor in 8 bits, with its channels last. */
  #eightBits(name: string): string {
    if (!this.#quantized.has(name)) {
      this.#add('QuantizeLinear', `${name}.rounded`, [name, ...this.#scale(name)]);
      this.#add('Transpose', quantized(name), [`${name}.rounded`], [integers('perm', [0, 2, 3, 1])]);
      this.#quantized.add(name);
    }
    return quantized(name);
  }

  /** The names of a tensor's scale and zero. */
  #scale(name: string): string[] {
    const { scale, zero } = scaleOf(rangeOf(this.#ranges, name));
    return [
      this.#tensor(`${name}.scale`, 'float', [], Float32Array.of(scale)),
      this.#tensor(`${name}.zero`, 'uint8', [], Uint8Array.of(zero)),
    ];
  }

  /** Of each output, not below the least one that its bias allows. */
  #weightScales(name: string, least: readonly number[]): number[] {
    const values = floatsOf(this.#constant(name));
    const each = values.length / least.length;
    return least.map((leastScale, output) => {
      const weights = values.subarray(output * each, (output + 1) * each);
      const most = weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0);
      return Math.max(most / mostWeight, leastScale) || 1;
    });
  }

  #constant(name: string): OnnxTensor {
    const tensor = this.#constants.get(name);
    if (tensor === undefined) throw new Error(`The network has no weights "${name}".`);
    return tensor;
  }

  #tensor(
    name: string,
    type: keyof typeof elementTypes,
    dims: readonly number[],
    values: ArrayBufferView<ArrayBuffer>,
  ): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#tensors.set(name, { name, dims, dataType: elementTypes[type], rawData });
    return name;
  }

  #add(
    opType: string,
    result: string,
    input: readonly string[],
    attribute: readonly OnnxAttribute[] = [],
    domain = '',
  ): void {
    this.#nodes.push({ opType, name: `${result}.step`, input, output: [result], attribute, domain });
  }
}

function quantized(name: string): string {
  return `${name}.quantized`;
}

function integers(name: string, ints: readonly number[]): OnnxAttribute {
  return { name, type: attributeTypes.ints, ints };
}

/** 255 steps from the least to the most; zero is one of them, because borders are padded with it. */
function scaleOf({ least, most }: Range): { scale: number; zero: number } {
  const [from, to] = [Math.min(least, 0), Math.max(most, 0)];
  const scale = to === from ? 1 : (to - from) / 255;
  return { scale, zero: Math.round(-from / scale) };
}
