import type { OnnxModel, OnnxNode, OnnxTensor } from '../onnx/model.ts';

/** What goes into the convolutions of these names. */
export function inputsOf(nodes: readonly OnnxNode[], layers: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(nodes.filter(({ name }) => layers.has(name)).map(({ input }) => input[0] ?? ''));
}

/** The concatenations before them. */
export function joinsBefore(nodes: readonly OnnxNode[], layers: ReadonlySet<string>): OnnxNode[] {
  const inputs = inputsOf(nodes, layers);
  return nodes.filter(({ opType, output }) => opType === 'Concat' && inputs.has(output[0] ?? ''));
}

/** The same network, in which a concatenation that begins with all that another one joins begins with its result. */
export function nestJoins(model: OnnxModel): OnnxModel {
  let last: OnnxNode | undefined;
  const node = model.graph.node.map(each => {
    if (each.opType !== 'Concat') return each;
    const [before, count] = [last, last?.input.length ?? 0];
    last = each;
    if (before === undefined || before.input.some((name, index) => each.input[index] !== name)) return each;
    return { ...each, input: [...before.output, ...each.input.slice(count)] };
  });
  return { ...model, graph: { ...model.graph, node } };
}

/** What a convolution gives in the end: where a ReLU comes next, that one's result. */
export function resultOf({ output: [result = ''] }: OnnxNode, nodes: readonly OnnxNode[]): string {
  return nodes.find(({ opType, input }) => opType === 'Relu' && input[0] === result)?.output[0] ?? result;
}

export function floatsOf({ rawData }: OnnxTensor): Float32Array<ArrayBuffer> {
  return new Float32Array(new Uint8Array(rawData).buffer);
}
