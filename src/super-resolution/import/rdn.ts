import { GraphBuilder, type Kernel } from '../onnx/graph-builder.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { foldIntoSmall } from './fold.ts';
import { addedUp, concatenated, type Features, type Join } from './join.ts';
import type { KerasWeights } from './keras-weights.ts';
import { type ExpectedLayer, takeLayers } from './layers.ts';

/** Residual dense network (Zhang et al., 2018) as idealo builds it. */
export interface RdnSettings {
  /** Convolutions of a block. */
  readonly C: number;
  /** Blocks. */
  readonly D: number;
  /** New channels of each convolution of a block. */
  readonly G: number;
  /** Channels between blocks. */
  readonly G0: number;
  readonly scale: number;
}

/** Both ways to compute it: `network` as it runs, `original` as it was drawn. */
export interface ImportedNetwork {
  readonly network: OnnxModel;
  /** Ends in the large image itself. */
  readonly original: OnnxModel;
  /** As it runs in 8 bits: the layers of its blocks, which do nearly all of the work, are to be quantized. */
  readonly quantizable: { readonly network: OnnxModel; readonly layers: ReadonlySet<string> };
}

/** Throws `invalid-model` where the weights are not those of such a network. */
export function buildRdn(weights: KerasWeights, settings: RdnSettings): ImportedNetwork {
  const planes = 3 * settings.scale ** 2;
  // A variant shuffles the pixels first, and has fewer inputs here.
  const shuffles = weights.get('SR')?.shape[1] === 3;
  const layers = takeLayers(weights, expectedLayers(settings, shuffles ? 3 : planes));
  const kernel = (name: string) => layers.get(name) as Kernel;
  const atSmallSize: Finish = (graph, small) => {
    const plane = (input: number, phase: number) => (shuffles ? phase * 3 + input : input);
    return graph.convolution('SR', small, foldIntoSmall(kernel('SR'), settings.scale, planes, plane));
  };
  return {
    network: build(settings, kernel, { inBlocks: addedUp, ofBlocks: addedUp }, atSmallSize),
    quantizable: {
      network: build(settings, kernel, { inBlocks: concatenated, ofBlocks: addedUp }, atSmallSize),
      layers: new Set([...layers.keys()].filter(isInBlock)),
    },
    original: build(settings, kernel, { inBlocks: concatenated, ofBlocks: concatenated }, (graph, small) => {
      const large = shuffles
        ? graph.depthToSpace('shuffle', small, settings.scale, 'DCR')
        : graph.repeat('UPN4', small, settings.scale);
      return graph.convolution('SR', large, kernel('SR'));
    }),
  };
}

function expectedLayers({ C, D, G, G0, scale }: RdnSettings, finalInputs: number): ExpectedLayer[] {
  const blocks = range(D).flatMap((block): ExpectedLayer[] => [
    ...range(C).map(
      (layer): ExpectedLayer => ({ name: `F_${block}_${layer}`, shape: [G, G0 + (layer - 1) * G, 3, 3] }),
    ),
    { name: `LFF_${block}`, shape: [G0, G0 + C * G, 1, 1] },
  ]);
  const planes = 3 * scale ** 2;
  return [
    { name: 'F_m1', shape: [G0, 3, 3, 3] },
    { name: 'F_0', shape: [G0, G0, 3, 3] },
    ...blocks,
    { name: 'GFF_1', shape: [G0, G0 * D, 1, 1] },
    { name: 'GFF_2', shape: [G0, G0, 3, 3] },
    { name: 'UPN1', shape: [64, G0, 5, 5] },
    { name: 'UPN2', shape: [32, 64, 3, 3] },
    { name: 'UPN3', shape: [planes, 32, 3, 3] },
    { name: 'SR', shape: [3, finalInputs, 3, 3] },
  ];
}

/** `F_1_2` and `LFF_1`, and not `F_0`. */
function isInBlock(layer: string): boolean {
  return /^(F_\d+|LFF)_\d+$/.test(layer);
}

/** How features are joined: within a block, and those of all blocks. */
interface Joins {
  readonly inBlocks: Join;
  readonly ofBlocks: Join;
}

type Finish = (graph: GraphBuilder, small: string) => string;

function build(
  { C, D, G, G0, scale }: RdnSettings,
  kernel: (name: string) => Kernel,
  { inBlocks, ofBlocks }: Joins,
  finish: Finish,
): OnnxModel {
  const graph = new GraphBuilder();
  const convolution = (name: string, input: string) => graph.convolution(name, input, kernel(name));
  const joined = (name: string, inputs: readonly Features[]) => inBlocks(graph, name, inputs, kernel(name));
  const first = convolution('F_m1', 'image');
  let last = convolution('F_0', first);
  const blocks = range(D).map(block => {
    const dense: Features[] = [{ name: last, channels: G0 }];
    for (const layer of range(C)) {
      dense.push({ name: graph.relu(joined(`F_${block}_${layer}`, dense)), channels: G });
    }
    last = graph.add(`LRL_${block}`, joined(`LFF_${block}`, dense), last);
    return { name: last, channels: G0 };
  });
  const features = graph.add(
    'FDF',
    convolution('GFF_2', ofBlocks(graph, 'GFF_1', blocks, kernel('GFF_1'))),
    first,
  );
  const up = graph.relu(convolution('UPN2', graph.relu(convolution('UPN1', features))));
  const result = finish(graph, convolution('UPN3', up));
  return graph.model(result, result === 'SR' ? 3 * scale ** 2 : 3);
}

/** 1 to `count`. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
