import { GraphBuilder, type Kernel } from '../onnx/graph-builder.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { foldIntoSmall, scaleKernel } from './fold.ts';
import { addedUp, concatenated, type Features, type Join } from './join.ts';
import type { KerasWeights } from './keras-weights.ts';
import { type ExpectedLayer, takeLayers } from './layers.ts';
import type { ImportedNetwork } from './rdn.ts';

/** Residual in residual dense network (Wang et al., "ESRGAN", 2018) as idealo builds it. */
export interface RrdnSettings {
  /** Convolutions of a dense block. */
  readonly C: number;
  /** Dense blocks of a residual one. */
  readonly D: number;
  /** New channels of each convolution. */
  readonly G: number;
  /** Channels between blocks. */
  readonly G0: number;
  /** Residual blocks. */
  readonly T: number;
  readonly scale: number;
}

/** What a block adds to what it got is made smaller so many times. */
const residual = 0.2;

/** Throws `invalid-model` where the weights are not those of such a network. */
export function buildRrdn(weights: KerasWeights, settings: RrdnSettings): ImportedNetwork {
  const { scale } = settings;
  const layers = takeLayers(weights, expectedLayers(settings));
  const kernel = (name: string) => layers.get(name) as Kernel;
  const atSmallSize: Finish = (graph, small) => {
    const folded = foldIntoSmall(kernel('SR'), scale, 3 * scale ** 2, (input, phase) => phase * 3 + input);
    return { result: graph.convolution('SR', small, folded), channels: 3 * scale ** 2 };
  };
  return {
    network: build(settings, kernel, addedUp, atSmallSize),
    quantizable: {
      network: build(settings, kernel, concatenated, atSmallSize),
      layers: new Set([...layers.keys()].filter(name => /^(F|LFF)_/.test(name))),
    },
    original: build(settings, kernel, concatenated, (graph, small) => {
      const large = graph.depthToSpace('PixelShuffle', small, scale, 'DCR');
      return { result: graph.convolution('SR', large, kernel('SR')), channels: 3 };
    }),
  };
}

function expectedLayers({ C, D, G, G0, T, scale }: RrdnSettings): ExpectedLayer[] {
  const blocks = range(T).flatMap(outer =>
    range(D).flatMap((inner): ExpectedLayer[] => [
      ...range(C).map(
        (layer): ExpectedLayer => ({
          name: `F_${outer}_${inner}_${layer}`,
          shape: [G, G0 + (layer - 1) * G, 3, 3],
        }),
      ),
      { name: `LFF_${outer}_${inner}`, shape: [G0, G0 + C * G, 3, 3] },
    ]),
  );
  return [
    { name: 'Pre_blocks_conv', shape: [G0, 3, 3, 3] },
    ...blocks,
    { name: 'post_blocks_conv', shape: [G0, G0, 3, 3] },
    { name: 'PreShuffle', shape: [3 * scale ** 2, G0, 3, 3] },
    { name: 'SR', shape: [3, 3, 3, 3] },
  ];
}

type Finish = (graph: GraphBuilder, small: string) => { result: string; channels: number };

function build(
  settings: RrdnSettings,
  kernel: (name: string) => Kernel,
  join: Join,
  finish: Finish,
): OnnxModel {
  const graph = new GraphBuilder();
  const denseBlock = (name: string, before: string) => {
    const dense: Features[] = [{ name: before, channels: settings.G0 }];
    for (const layer of range(settings.C)) {
      const widened = join(graph, `F_${name}_${layer}`, dense, kernel(`F_${name}_${layer}`));
      dense.push({ name: graph.relu(widened), channels: settings.G });
    }
    const local = join(graph, `LFF_${name}`, dense, scaleKernel(kernel(`LFF_${name}`), residual));
    return graph.add(`dense_${name}`, before, local);
  };
  const first = graph.convolution('Pre_blocks_conv', 'image', kernel('Pre_blocks_conv'));
  let last = first;
  for (const outer of range(settings.T)) {
    const before = last;
    for (const inner of range(settings.D)) last = denseBlock(`${outer}_${inner}`, last);
    last = graph.add(`block_${outer}`, before, graph.multiply(`residual_${outer}`, last, residual));
  }
  const deep = graph.convolution('post_blocks_conv', last, kernel('post_blocks_conv'));
  const features = graph.add('sum', first, deep);
  const { result, channels } = finish(graph, graph.convolution('PreShuffle', features, kernel('PreShuffle')));
  return graph.model(result, channels);
}

/** 1 to `count`. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
