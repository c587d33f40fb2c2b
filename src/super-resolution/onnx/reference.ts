import type { OnnxModel, OnnxNode, OnnxTensor } from './model.ts';

/** Channels of one image, one after the other. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/**
 * What a network makes of `image`, computed as its nodes' definitions say (https://onnx.ai/onnx/operators/), one after
 * the other, in float64: slow, and plain enough to be believed. Throws an `Error` for a node it does not know.
 */
export function evaluate(model: OnnxModel, image: Planes): Planes {
  const { node, initializer } = model.graph;
  const constants = new Map(initializer.map(tensor => [tensor.name, tensor]));
  const known = new Map([['image', image]]);
  for (const each of node) {
    const inputs = each.input.filter(name => !constants.has(name) && name !== '');
    const planes = inputs.map(name => found(known, name));
    const result = operation(each)(planes, each, name => found(constants, name));
    known.set(each.output[0] ?? '', result);
  }
  return found(known, 'enlarged');
}

type Operation = (inputs: Planes[], node: OnnxNode, constant: (name: string) => OnnxTensor) => Planes;

function operation({ opType, name }: OnnxNode): Operation {
  const known = operations[opType];
  if (!known) throw new Error(`The reference does not know how to compute "${opType}" (${name}).`);
  return known;
}

const operations: Readonly<Record<string, Operation>> = {
  Conv: ([input], node, constant) => convolve(one(input), node, constant),
  Relu: ([input]) => map(one(input), value => Math.max(value, 0)),
  Add: ([first, second]) => {
    const other = one(second);
    return map(one(first), (value, index) => value + (other.values[index] ?? 0));
  },
  Mul: ([input], node, constant) => {
    const factor = floats(constant(node.input[1] ?? ''))[0] ?? 0;
    return map(one(input), value => value * factor);
  },
  Concat: inputs => ({
    ...one(inputs[0]),
    channels: inputs.reduce((sum, { channels }) => sum + channels, 0),
    values: Float64Array.from(inputs.flatMap(({ values }) => [...values])),
  }),
  Pad: ([input], node, constant) => padEdges(one(input), integers(constant(node.input[1] ?? ''))),
  DepthToSpace: ([input], node) => depthToSpace(one(input), node),
  Resize: ([input], node, constant) => repeat(one(input), floats(constant(node.input[2] ?? ''))[3] ?? 1),
};

function convolve(input: Planes, node: OnnxNode, constant: (name: string) => OnnxTensor): Planes {
  const kernel = constant(node.input[1] ?? '');
  const [channels = 0, , kernelHeight = 0, kernelWidth = 0] = kernel.dims;
  const weights = floats(kernel);
  const bias = node.input[2] ? floats(constant(node.input[2])) : new Float32Array(channels);
  const [top = 0, left = 0, bottom = 0, right = 0] = attribute(node, 'pads')?.ints ?? [];
  const height = input.height + top + bottom - kernelHeight + 1;
  const width = input.width + left + right - kernelWidth + 1;
  const at = reader(input);
  return make(channels, height, width, (channel, y, x) => {
    let sum = bias[channel] ?? 0;
    let weight = channel * input.channels * kernelHeight * kernelWidth;
    for (let from = 0; from < input.channels; from++) {
      for (let row = y - top; row < y - top + kernelHeight; row++) {
        for (let column = x - left; column < x - left + kernelWidth; column++) {
          sum += (weights[weight++] ?? 0) * at(from, row, column);
        }
      }
    }
    return sum;
  });
}

function padEdges(input: Planes, pads: readonly number[]): Planes {
  const [, , top = 0, left = 0, , , bottom = 0, right = 0] = pads;
  const at = reader(input);
  const within = (index: number, length: number) => Math.min(Math.max(index, 0), length - 1);
  return make(input.channels, input.height + top + bottom, input.width + left + right, (channel, y, x) =>
    at(channel, within(y - top, input.height), within(x - left, input.width)),
  );
}

/** Also what a pixel shuffle is: mode CRD. */
function depthToSpace(input: Planes, node: OnnxNode): Planes {
  const scale = attribute(node, 'blocksize')?.i ?? 1;
  const isCrd = Buffer.from(attribute(node, 'mode')?.s ?? []).toString() === 'CRD';
  const channels = input.channels / scale ** 2;
  const at = reader(input);
  return make(channels, input.height * scale, input.width * scale, (channel, y, x) => {
    const phase = (y % scale) * scale + (x % scale);
    const from = isCrd ? channel * scale ** 2 + phase : phase * channels + channel;
    return at(from, Math.floor(y / scale), Math.floor(x / scale));
  });
}

function repeat(input: Planes, scale: number): Planes {
  const at = reader(input);
  return make(input.channels, input.height * scale, input.width * scale, (channel, y, x) =>
    at(channel, Math.floor(y / scale), Math.floor(x / scale)),
  );
}

/** Zero outside the image. */
function reader({ height, width, values }: Planes): (channel: number, y: number, x: number) => number {
  return (channel, y, x) =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : (values[(channel * height + y) * width + x] ?? 0);
}

function make(
  channels: number,
  height: number,
  width: number,
  value: (channel: number, y: number, x: number) => number,
): Planes {
  const values = new Float64Array(channels * height * width);
  let index = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) values[index++] = value(channel, y, x);
    }
  }
  return { channels, height, width, values };
}

function map(input: Planes, value: (value: number, index: number) => number): Planes {
  return { ...input, values: input.values.map(value) };
}

function attribute(node: OnnxNode, name: string) {
  return node.attribute.find(each => each.name === name);
}

function floats({ rawData }: OnnxTensor): Float32Array {
  return new Float32Array(new Uint8Array(rawData).buffer);
}

function integers({ rawData }: OnnxTensor): number[] {
  return Array.from(new BigInt64Array(new Uint8Array(rawData).buffer), Number);
}

function one(planes: Planes | undefined): Planes {
  if (!planes) throw new Error('A node lacks an input.');
  return planes;
}

function found<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new Error(`The network uses "${name}", which is nowhere made.`);
  return value;
}
