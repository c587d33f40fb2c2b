import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel, type OnnxModel } from '../onnx/model.ts';
import { deadLeaves, type PicturePair } from './dead-leaves.ts';
import { equalizeJoined } from './equalize-joined.ts';
import { nestJoins } from './layers.ts';
import { quantizedTensors, quantizeLayers } from './quantize-layers.ts';
import { tensorRanges } from './tensor-ranges.ts';

export interface Int8Variant {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** How much lower its PSNR is than the exact network's, in dB, of pictures that it was not calibrated with. */
  readonly loss: number;
}

/** Of the small pictures, in pixels. */
const side = 48;
const calibrationSeeds = [1, 2, 3, 4];
const testSeeds = [101, 102, 103];

/**
 * A network with some of its layers in 8 bits, calibrated on drawn pictures, because what the network learnt from is
 * not there. Throws what ONNX Runtime throws.
 */
export async function int8Variant(
  network: OnnxModel,
  layers: ReadonlySet<string>,
  scale: number,
): Promise<Int8Variant> {
  const pictures = calibrationSeeds.map(seed => deadLeaves(seed, side, scale).small);
  const rangesOf = (model: OnnxModel) => tensorRanges(model, quantizedTensors(model, layers), pictures, side);
  const even = equalizeJoined(network, layers, await rangesOf(network));
  const bytes = encodeModel(quantizeLayers(nestJoins(even), layers, await rangesOf(even)));
  const tests = testSeeds.map(seed => deadLeaves(seed, side, scale));
  const exact = await meanSquaredError(encodeModel(network), tests);
  const rounded = await meanSquaredError(bytes, tests);
  return { bytes, loss: 10 * Math.log10(rounded / exact) };
}

/** Of samples from 0 to 1. */
async function meanSquaredError(bytes: Uint8Array, tests: readonly PicturePair[]): Promise<number> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  try {
    let sum = 0;
    for (const { small, large } of tests) {
      const { enlarged } = await session.run({ image: new Tensor('float32', small, [1, 3, side, side]) });
      const made = enlarged?.data as Float32Array;
      for (const [index, value] of large.entries()) {
        const error = value - Math.min(1, Math.max(0, made[index] ?? Number.NaN));
        sum += error ** 2 / large.length;
      }
    }
    return sum / tests.length;
  } finally {
    await session.release();
  }
}
