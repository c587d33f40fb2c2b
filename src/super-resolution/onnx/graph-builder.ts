import {
  attributeTypes,
  elementTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from './model.ts';

/** A convolution's weights as ONNX wants them. */
export interface Kernel {
  /** Outputs, inputs, height, width. */
  readonly shape: readonly [number, number, number, number];
  readonly weights: Float32Array;
  /** One an output. */
  readonly bias: Float32Array;
}

const opset = 21;
const irVersion = 10;

/** Builds a network from `image` to `enlarged`, node by node; each method returns the name of its result. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #tensors: OnnxTensor[] = [];

  /** Zero-padded, so that the size stays. */
  convolution(name: string, input: string, { shape, weights, bias }: Kernel): string {
    const [outputs, , height, width] = shape;
    const [vertical, horizontal] = [(height - 1) / 2, (width - 1) / 2];
    const inputs = [
      input,
      this.#tensor(`${name}.weight`, shape, weights),
      this.#tensor(`${name}.bias`, [outputs], bias),
    ];
    return this.#node('Conv', name, inputs, { pads: [vertical, horizontal, vertical, horizontal] });
  }

  relu(input: string): string {
    return this.#node('Relu', `${input}.relu`, [input]);
  }

  add(name: string, one: string, other: string): string {
    return this.#node('Add', name, [one, other]);
  }

  multiply(name: string, input: string, factor: number): string {
    return this.#node('Mul', name, [input, this.#tensor(`${name}.factor`, [], Float32Array.of(factor))]);
  }

  /** Of channels. */
  concatenate(name: string, inputs: readonly string[]): string {
    return this.#node('Concat', name, [...inputs], { axis: 1 });
  }

  /** `DCR`: depth, column, row, as TensorFlow; `CRD`: column, row, depth, as a pixel shuffle. */
  depthToSpace(name: string, input: string, scale: number, mode: 'DCR' | 'CRD'): string {
    return this.#node('DepthToSpace', name, [input], { blocksize: scale, mode });
  }

  /** Repeats each pixel `scale` times, across and down. */
  repeat(name: string, input: string, scale: number): string {
    const scales = this.#tensor(`${name}.scales`, [4], Float32Array.of(1, 1, scale, scale));
    return this.#node('Resize', name, [input, '', scales], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  }

  /** The result is that of the node `output`, with so many channels. */
  model(output: string, channels: number): OnnxModel {
    return {
      irVersion,
      producerName: 'tintype',
      opsetImport: [{ domain: '', version: opset }],
      graph: {
        name: 'super-resolution',
        node: this.#nodes.map(node => renameResult(node, output)),
        initializer: this.#tensors,
        input: [valueInfo('image', 3)],
        output: [valueInfo('enlarged', channels)],
      },
    };
  }

  #node(
    opType: string,
    name: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | string | readonly number[]>> = {},
  ): string {
    const attribute = Object.entries(attributes).map(([key, value]) => asAttribute(key, value));
    this.#nodes.push({ opType, name, input, output: [name], attribute });
    return name;
  }

  #tensor(name: string, dims: readonly number[], values: Float32Array): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#tensors.push({ name, dims, dataType: elementTypes.float, rawData });
    return name;
  }
}

function asAttribute(name: string, value: number | string | readonly number[]): OnnxAttribute {
  if (typeof value === 'number') return { name, type: attributeTypes.i, i: value };
  if (typeof value === 'string') return { name, type: attributeTypes.s, s: Buffer.from(value) };
  return { name, type: attributeTypes.ints, ints: value };
}

function renameResult(node: OnnxNode, result: string): OnnxNode {
  return node.name === result ? { ...node, output: ['enlarged'] } : node;
}

function valueInfo(name: string, channels: number): object {
  const dim = [{ dimParam: 'n' }, { dimValue: channels }, { dimParam: 'h' }, { dimParam: 'w' }];
  return { name, type: { tensorType: { elemType: elementTypes.float, shape: { dim } } } };
}
