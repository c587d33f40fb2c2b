import { TintypeError } from '../../errors/tintype-error.ts';
import type { Kernel } from '../onnx/graph-builder.ts';
import type { KerasWeights } from './keras-weights.ts';

/** What a network has to find in a file, in the order in which Keras writes it. */
export interface ExpectedLayer {
  readonly name: string;
  /** Outputs, inputs, height, width. */
  readonly shape: readonly [number, number, number, number];
}

/**
 * The kernels that a network expects, by its own names. A file whose layers are named otherwise is taken in its order
 * when all shapes fit. Throws `invalid-model`, which names the first layer that is missing or of another shape.
 */
export function takeLayers(
  weights: KerasWeights,
  expected: readonly ExpectedLayer[],
): ReadonlyMap<string, Kernel> {
  const byName = expected.map(({ name }) => weights.get(name) ?? weights.get(`${name}_1`));
  const isNamed = byName.some(kernel => kernel !== undefined);
  const inOrder = [...weights.values()];
  if (!isNamed && inOrder.length !== expected.length) {
    throw new TintypeError(
      'invalid-model',
      `The file has ${inOrder.length} convolutions; this network has ${expected.length}.`,
    );
  }
  const kernels = isNamed ? byName : inOrder;
  return new Map(expected.map((layer, index) => [layer.name, checked(layer, kernels[index])]));
}

function checked({ name, shape }: ExpectedLayer, kernel: Kernel | undefined): Kernel {
  if (!kernel) throw new TintypeError('invalid-model', `The file lacks the layer "${name}".`);
  if (kernel.shape.join() !== shape.join()) {
    const [is, wanted] = [kernel.shape, shape].map(each => each.join('×'));
    throw new TintypeError(
      'invalid-model',
      `The layer "${name}" is ${is} (outputs, inputs, height, width); this network has ${wanted}.`,
    );
  }
  return kernel;
}
