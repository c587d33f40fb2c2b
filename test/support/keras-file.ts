import h5wasm from 'h5wasm/node';

/** One convolution: height, width, inputs, outputs. */
export interface KerasLayer {
  readonly name: string;
  readonly shape: readonly [number, number, number, number];
}

/**
 * Writes random weights as Keras' `save_weights` does; the same `seed` gives the same. `group` is a network within
 * which all layers stand; `size` makes all weights so many times as large.
 */
export async function writeKerasFile(
  file: string,
  layers: readonly KerasLayer[],
  { seed = 1, group, size: factor = 1 }: { seed?: number; group?: string; size?: number } = {},
): Promise<void> {
  await h5wasm.ready;
  const random = randomNumbers(seed);
  const written = new h5wasm.File(file, 'w');
  const groups = group === undefined ? layers.map(({ name }) => name) : [group];
  written.create_attribute('layer_names', groups);
  for (const outer of groups) {
    const within = layers.filter(({ name }) => group !== undefined || name === outer);
    const part = written.create_group(outer);
    const names = within.flatMap(({ name }) => [`${name}/kernel:0`, `${name}/bias:0`]);
    part.create_attribute('weight_names', names);
    for (const { name, shape } of within) {
      const [height, width, inputs, outputs] = shape;
      // As large as keeps what goes through the network about as large as it was.
      const size = factor * Math.sqrt(3 / (height * width * inputs));
      const kernel = Float32Array.from({ length: height * width * inputs * outputs }, () => random() * size);
      const bias = Float32Array.from({ length: outputs }, () => random() * 0.1);
      const layer = part.create_group(name);
      layer.create_dataset({ name: 'kernel:0', data: kernel, shape: [...shape], dtype: '<f' });
      layer.create_dataset({ name: 'bias:0', data: bias, shape: [outputs], dtype: '<f' });
    }
  }
  written.close();
}

/** The layers of idealo's RDN with C3 D10 G64 G0 64 for ×2, in Keras' order. */
export function rdnLayers(): KerasLayer[] {
  const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  return [
    { name: 'F_m1', shape: [3, 3, 3, 64] },
    { name: 'F_0', shape: [3, 3, 64, 64] },
    ...range(10).flatMap((block): KerasLayer[] => [
      ...range(3).map(
        (layer): KerasLayer => ({ name: `F_${block}_${layer}`, shape: [3, 3, layer * 64, 64] }),
      ),
      { name: `LFF_${block}`, shape: [1, 1, 256, 64] },
    ]),
    { name: 'GFF_1', shape: [1, 1, 640, 64] },
    { name: 'GFF_2', shape: [3, 3, 64, 64] },
    { name: 'UPN1', shape: [5, 5, 64, 64] },
    { name: 'UPN2', shape: [3, 3, 64, 32] },
    { name: 'UPN3', shape: [3, 3, 32, 12] },
    { name: 'SR', shape: [3, 3, 12, 3] },
  ];
}

/** The layers of idealo's RRDN with C4 D3 G32 G0 32 T10 for ×4. */
export function rrdnLayers(): KerasLayer[] {
  const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  return [
    { name: 'Pre_blocks_conv', shape: [3, 3, 3, 32] },
    ...range(10).flatMap(outer =>
      range(3).flatMap((inner): KerasLayer[] => [
        ...range(4).map(
          (layer): KerasLayer => ({
            name: `F_${outer}_${inner}_${layer}`,
            shape: [3, 3, layer * 32, 32],
          }),
        ),
        { name: `LFF_${outer}_${inner}`, shape: [3, 3, 160, 32] },
      ]),
    ),
    { name: 'post_blocks_conv', shape: [3, 3, 32, 32] },
    { name: 'PreShuffle', shape: [3, 3, 32, 48] },
    { name: 'SR', shape: [3, 3, 3, 3] },
  ];
}

/** Between −1 and 1: Park and Miller's generator. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  };
}
