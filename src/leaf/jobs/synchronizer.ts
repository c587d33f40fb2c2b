import type { LeafDatabase } from '../images/leaf-database.ts';
import { type Plant, plants } from '../plants.ts';
import { copyImages } from './copy-images.ts';
import type { JobTask } from './job.ts';

export interface SynchronizerParts {
  readonly producer: LeafDatabase;
  readonly consumer: LeafDatabase;
  readonly everySeconds: number;
  /** Hears of each batch that was copied: images and bytes of their documents. */
  readonly copied: (plant: Plant, images: number, bytes: number) => void;
}

/** Copies every image of the producer's database into the consumer's, whether it has changed or not. */
export function synchronizerTask({ producer, consumer, everySeconds, copied }: SynchronizerParts): JobTask {
  return {
    name: 'copy all images',
    everySeconds,
    atStart: true,
    async run({ signal, log }) {
      for (const plant of plants) {
        const started = performance.now();
        const { images, bytes } = await copyImages(producer, consumer, plant, signal, copied);
        const seconds = ((performance.now() - started) / 1_000).toFixed(1);
        log.info(`${plant}: ${images} images, ${Math.round(bytes / 1_000)} kB in ${seconds} s`);
      }
    },
  };
}
