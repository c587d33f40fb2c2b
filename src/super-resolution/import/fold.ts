import type { Kernel } from '../onnx/graph-builder.ts';

/**
 * A convolution at the large size as one at the small size: its result holds the `scale`² phases of each large pixel,
 * in the order of a pixel shuffle. Exact, at the borders too, because zeros beyond the large image are zeros beyond the
 * small one. `planeOf` tells which small plane holds a large one's phase: all the same where pixels were repeated.
 */
export function foldIntoSmall(
  large: Kernel,
  scale: number,
  smallPlanes: number,
  planeOf: (plane: number, phase: number) => number,
): Kernel {
  const [outputs, inputs, height, width] = large.shape;
  const phases = scale ** 2;
  const weights = new Float32Array(outputs * phases * smallPlanes * 9);
  const bias = Float32Array.from(
    { length: outputs * phases },
    (_, index) => large.bias[Math.floor(index / phases)] ?? 0,
  );
  let from = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let tapY = 0; tapY < height; tapY++) {
        for (let tapX = 0; tapX < width; tapX++, from++) {
          for (let phase = 0; phase < phases; phase++) {
            const y = Math.floor(phase / scale) + tapY - (height - 1) / 2;
            const x = (phase % scale) + tapX - (width - 1) / 2;
            const [row, column] = [Math.floor(y / scale), Math.floor(x / scale)];
            const plane = planeOf(input, (y - row * scale) * scale + (x - column * scale));
            const to = (((output * phases + phase) * smallPlanes + plane) * 3 + row + 1) * 3 + column + 1;
            weights[to] = (weights[to] ?? 0) + (large.weights[from] ?? 0);
          }
        }
      }
    }
  }
  return { shape: [outputs * phases, smallPlanes, 3, 3], weights, bias };
}

/** The result is `factor` times what it was. */
export function scaleKernel({ shape, weights, bias }: Kernel, factor: number): Kernel {
  return { shape, weights: weights.map(each => each * factor), bias: bias.map(each => each * factor) };
}

/** The kernel's share for each of the planes that are joined before it, in their order: together they make the same. */
export function splitByInputs({ shape, weights, bias }: Kernel, inputs: readonly number[]): Kernel[] {
  const [outputs, allInputs, height, width] = shape;
  const taps = height * width;
  let first = 0;
  return inputs.map((count, index) => {
    const share = new Float32Array(outputs * count * taps);
    for (let output = 0; output < outputs; output++) {
      const from = (output * allInputs + first) * taps;
      share.set(weights.subarray(from, from + count * taps), output * count * taps);
    }
    first += count;
    return {
      shape: [outputs, count, height, width],
      weights: share,
      bias: index === 0 ? bias : new Float32Array(outputs),
    };
  });
}
