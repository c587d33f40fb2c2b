import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Picture } from './picture.ts';

/** The first blocks of a MobileNetV2 that tells pictures apart, from npm's nsfwjs 4.3.0 (MIT); made by training/export_features.py. */
const file = path.join(import.meta.dirname, 'mobilenet-features.onnx');

let network: Promise<InferenceSession> | undefined;

/**
 * How different two pictures look, 0 for the same: the squared distance of what a network sees at each pixel, as vectors
 * of length 1, the mean over pixels, the sum over three layers. R. Zhang et al., "The unreasonable effectiveness of deep
 * features as a perceptual metric", 2018, without weights that were learnt from people's judgements.
 */
export async function perceptualDistance(original: Picture, made: Picture): Promise<number> {
  network ??= InferenceSession.create(file, { logSeverityLevel: 3 });
  const session = await network;
  const [wanted, found] = [await session.run(feed(original)), await session.run(feed(made))];
  return session.outputNames.reduce((sum, layer) => {
    const [one, other] = [wanted[layer], found[layer]];
    return one && other ? sum + meanDistance(one, other) : sum;
  }, 0);
}

function feed({ width, height, channels, samples }: Picture): { image: Tensor } {
  const pixels = width * height;
  const planes = Float32Array.from({ length: 3 * pixels }, (_, index) => {
    const [colour, pixel] = [Math.floor(index / pixels), index % pixels];
    return (samples[channels === 1 ? pixel : pixel * 3 + colour] ?? 0) / 255;
  });
  return { image: new Tensor('float32', planes, [1, 3, height, width]) };
}

/** Of features (1, channels, height, width). */
function meanDistance(one: Tensor, other: Tensor): number {
  const [, channels = 0, height = 0, width = 0] = one.dims;
  const pixels = height * width;
  const [a, b] = [one.data as Float32Array, other.data as Float32Array];
  let sum = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    let [squareA, squareB, product] = [0, 0, 0];
    for (let at = pixel; at < channels * pixels; at += pixels) {
      const [x, y] = [a[at] ?? 0, b[at] ?? 0];
      squareA += x * x;
      squareB += y * y;
      product += x * y;
    }
    const tiny = 1e-10;
    const [lengthA, lengthB] = [squareA + tiny, squareB + tiny];
    sum += squareA / lengthA + squareB / lengthB - (2 * product) / Math.sqrt(lengthA * lengthB);
  }
  return sum / pixels;
}
