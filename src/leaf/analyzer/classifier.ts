import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureMessage } from '../../errors/failure-message.ts';
import { shortReason } from '../../errors/short-reason.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { Admission } from '../../images/admission.ts';
import { type KilledProcesses, ProcessPool } from '../../images/process-pool.ts';
import { entryBeside } from '../../program/entry-beside.ts';
import { ServingProcess } from '../../program/serving-process.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Plant } from '../plants.ts';
import { type ClassifierCard, likeliest, networkFile, readClassifierCard } from './classifier-card.ts';
import type { ClassifierAnswer, ClassifierRequest, ClassifierSettings } from './classifier-messages.ts';

/** Of a photo in bytes: what a good camera writes. */
export const mostPhotoBytes = 10 * 2 ** 20;
/** Of a photo; a camera has 12 to 50 million. */
const maxPixels = 64_000_000;
/** For the pixels of such a photo and the network, above what Node takes. */
const maxBytes = 512 * 2 ** 20;
/** Processor time for one photo: the network takes 20 ms of it, and the largest photo half a second. */
const photoMs = 5_000;
/** Processes at most; each takes 120 MB. */
const mostProcesses = 4;
/** Photos that wait for a process, at most. */
export const mostWaiting = 64;
/** Between two trials of a network that can't be run, in milliseconds. */
const againMs = 10_000;

const environment = {
  VIPS_BLOCK_UNTRUSTED: '1',
  MALLOC_ARENA_MAX: '2',
  // ONNX Runtime's makers need not know what is looked at here.
  ORT_DISABLE_TELEMETRY: '1',
};

export interface Classification {
  /** `healthy`, or the name of a disease of the plant. */
  readonly predicted_class: string;
  /** How likely it is that the photo shows a leaf of that plant in that state, 0 to 1. */
  readonly confidence: number;
}

export interface ClassifierParts {
  readonly logger: Logger;
  readonly metrics: KilledProcesses;
}

/** Tells what a leaf suffers from. Strangers' JPEGs are decoded in processes of their own, which may die of them. */
export class Classifier {
  readonly #card: ClassifierCard = readClassifierCard();
  readonly #pool: ProcessPool<ClassifierRequest, ClassifierAnswer>;
  readonly #stopping = new AbortController();
  #waiting = 0;
  #fault: string | null = 'The network is not loaded yet.';
  #trial: Promise<void> | undefined;

  constructor({ logger, metrics }: ClassifierParts) {
    const places = Math.min(mostProcesses, os.availableParallelism());
    const settings: ClassifierSettings = {
      network: networkFile(this.#card),
      side: this.#card.side,
      maxPixels,
    };
    const entry = entryBeside('classifier-process', import.meta.url);
    this.#pool = new ProcessPool({
      start: () =>
        new ServingProcess<ClassifierRequest, ClassifierAnswer | FailureMessage>({
          entry,
          settings,
          environment,
          maxBytes,
        }),
      admission: new Admission(places, places * maxBytes),
      logger,
      metrics,
    });
  }

  /** Loads the network, so that the first who asks need not wait for it; where it can't be run, again every 10 s. */
  start(): void {
    this.#trial ??= this.#tryUntilDone();
  }

  /** Ends every process; what was asked is rejected with `shutting-down`. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TintypeError('shutting-down', 'The service is stopping.'));
    await this.#pool.stop();
    await this.#trial;
  }

  /** What is wrong, or null. */
  fault(): string | null {
    return this.#fault;
  }

  /**
   * The likeliest of the plant's diseases. Where the photo shows no leaf, or another plant's, the confidence is low.
   * Throws `not-an-image`, `corrupt-image`, `image-too-large`, `overloaded`, `shutting-down`, and what a process's end
   * means: `render-timeout`, `render-stalled`, `render-crashed`.
   */
  async classify(plant: Plant, photo: Buffer): Promise<Classification> {
    const probabilities = await this.probabilities(photo);
    const { disease, confidence } = likeliest(this.#card, plant, probabilities);
    return { predicted_class: disease, confidence: Number(confidence.toFixed(4)) };
  }

  /** Of every output of the network. Throws as `classify`. */
  async probabilities(photo: Buffer): Promise<readonly number[]> {
    if (photo.length === 0) throw new TintypeError('empty-upload', 'The photo is empty.');
    if (!(photo[0] === 0xff && photo[1] === 0xd8 && photo[2] === 0xff))
      throw new TintypeError('not-an-image', 'This is no JPEG.');
    if (this.#waiting >= mostWaiting)
      throw new TintypeError('overloaded', 'Too many photos wait already. Try again soon.');
    this.#waiting++;
    try {
      const allowance = { bytes: maxBytes, ms: photoMs, counts: 'processor' } as const;
      const request = { photo: photo.toString('base64') };
      const { probabilities } = await this.#pool.ask(request, allowance, this.#stopping.signal);
      this.#fault = null;
      return probabilities;
    } finally {
      this.#waiting--;
    }
  }

  /** By itself, because whoever asks for readiness first sends no photo while there is a fault. */
  async #tryUntilDone(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      try {
        await this.probabilities(tinyJpeg);
        return;
      } catch (error) {
        this.#fault = `The network can't be run: ${shortReason(error)}`;
        await sleep(againMs, undefined, { signal: stopping }).catch(() => {});
      }
    }
  }
}

/** One grey pixel. */
const tinyJpeg = Buffer.from(
  '/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAABAAEDASIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AAA//2Q==',
  'base64',
);
