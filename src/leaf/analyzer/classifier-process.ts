// The classifier: a child process that decodes photos of leaves and runs the network over them, one at a time.
//   classifier-process.ts SETTINGS     (JSON of ClassifierSettings; an IPC channel to the parent must be there)
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { type FailureMessage, toFailureMessage } from '../../errors/failure-message.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { describeFailure } from '../../images/render-failure.ts';
import { serveParent } from '../../program/serve-parent.ts';
import type { ClassifierAnswer, ClassifierRequest, ClassifierSettings } from './classifier-messages.ts';

const { network, side, maxPixels } = JSON.parse(process.argv[2] ?? '') as ClassifierSettings;

sharp.cache(false);
// Parallel work is a matter of more processes.
sharp.concurrency(1);
const session = await InferenceSession.create(network, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
});

serveParent(serve);

async function serve({ photo }: ClassifierRequest): Promise<ClassifierAnswer | FailureMessage> {
  try {
    const pixels = await decode(Buffer.from(photo, 'base64'));
    return { kind: 'classified', probabilities: await probabilities(pixels) };
  } catch (error) {
    return toFailureMessage(TintypeError.from(error));
  }
}

/** The middle of the photo as the network learnt to see it: (side, side, RGB). */
async function decode(photo: Buffer): Promise<Uint8Array> {
  try {
    return await sharp(photo, { limitInputPixels: maxPixels, failOn: 'error' })
      .autoOrient()
      .resize(side, side, { fit: 'cover', kernel: 'linear' })
      .flatten()
      .toColourspace('srgb')
      .raw()
      .toBuffer();
  } catch (error) {
    throw describeFailure(error);
  }
}

async function probabilities(pixels: Uint8Array): Promise<number[]> {
  const image = new Tensor('uint8', pixels, [1, side, side, 3]);
  const { probabilities: found } = await session.run({ image });
  if (found?.type !== 'float32') throw new Error('The network has no output "probabilities" of float32.');
  return [...(found.data as Float32Array)];
}
