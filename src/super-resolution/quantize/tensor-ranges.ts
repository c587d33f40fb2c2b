import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementTypes, encodeModel, type OnnxModel, type OnnxNode } from '../onnx/model.ts';

/** The least and the greatest value that a tensor takes. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/**
 * What the named tensors of a network range over while it enlarges the images, each (3, side, side). Throws what ONNX
 * Runtime throws.
 */
export async function tensorRanges(
  model: OnnxModel,
  names: readonly string[],
  images: readonly Float32Array[],
  side: number,
): Promise<Map<string, Range>> {
  const session = await InferenceSession.create(encodeModel(withExtremes(model, names)), {
    logSeverityLevel: 3,
  });
  try {
    const ranges = new Map<string, Range>();
    for (const image of images) {
      const results = await session.run({ image: new Tensor('float32', image, [1, 3, side, side]) });
      for (const name of names) {
        const value = (extreme: string) => Number(results[`${name}.${extreme}`]?.data[0]);
        const { least, most } = ranges.get(name) ?? { least: Infinity, most: -Infinity };
        ranges.set(name, { least: Math.min(least, value('least')), most: Math.max(most, value('most')) });
      }
    }
    return ranges;
  } finally {
    await session.release();
  }
}

/** Throws where nobody knows it. */
export function rangeOf(ranges: ReadonlyMap<string, Range>, name: string): Range {
  const range = ranges.get(name);
  if (range === undefined) throw new Error(`Nobody knows the range of "${name}".`);
  return range;
}

/** The same network with two more results for each of the tensors. */
function withExtremes({ graph, ...model }: OnnxModel, names: readonly string[]): OnnxModel {
  const extremes = names.flatMap(name => [
    reduction('ReduceMin', name, `${name}.least`),
    reduction('ReduceMax', name, `${name}.most`),
  ]);
  const outputs = extremes.map(({ name }) => ({
    name,
    type: { tensorType: { elemType: elementTypes.float } },
  }));
  const wider = { ...graph, node: [...graph.node, ...extremes], output: [...graph.output, ...outputs] };
  return { ...model, graph: wider };
}

/** Of all that is in the tensor. */
function reduction(opType: string, input: string, name: string): OnnxNode {
  return { opType, name, input: [input], output: [name], attribute: [] };
}
