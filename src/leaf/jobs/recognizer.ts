import { TintypeError } from '../../errors/tintype-error.ts';
import { type Plant, plants } from '../plants.ts';
import type { AnalyzerClient } from './analyzer-client.ts';
import type { ImageApiClient, ListedImage } from './image-api-client.ts';
import type { JobTask, TaskRun } from './job.ts';

/** Asked for at once: a hundred photos of 20 KB are 4 MB of digits. */
const pageSize = 20;

export interface RecognizerParts {
  readonly api: ImageApiClient;
  readonly analyzer: AnalyzerClient;
  readonly everySeconds: number;
}

/** Every image of which no disease is known is sent to the analyzer, and its answer is noted. */
export function recognizerTask({ api, analyzer, everySeconds }: RecognizerParts): JobTask {
  return {
    name: 'recognize diseases',
    everySeconds,
    atStart: false,
    async run(run) {
      for (const plant of plants) await recognizeAll(plant, run);
    },
  };

  /** From the first image that was not yet looked at: ids only grow, and nobody takes a diagnosis back. */
  async function recognizeAll(plant: Plant, run: TaskRun): Promise<void> {
    const { signal, memory } = run;
    for (;;) {
      const from = memory.get(plant) ?? 1;
      const images = await api.list(plant, from, pageSize, signal);
      // A page that is not full need not be the last one.
      if (images.length === 0) return;
      for (const image of images) {
        if (image.disease === null) await recognize(plant, image, run);
        memory.set(plant, image.id + 1);
      }
    }
  }

  async function recognize(plant: Plant, { id, data }: ListedImage, { signal, log }: TaskRun): Promise<void> {
    try {
      if (data === null) throw new TintypeError('source-refused', 'it has no photo');
      const { disease, confidence } = await analyzer.classify(plant, Buffer.from(data, 'hex'), signal);
      const percentage = Math.round(confidence * 10_000) / 100;
      await api.change(plant, id, { disease, percentage }, signal);
      log.info(`${plant} ${id}: ${disease}, ${percentage} %`);
    } catch (error) {
      // Another try would not help that photo, and the next ones wait.
      if (!(error instanceof TintypeError && error.code === 'source-refused')) throw error;
      log.warn(`${plant} ${id} is left as it is: ${error.message}`);
    }
  }
}
