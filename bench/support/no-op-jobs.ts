import path from 'node:path';
import type { RenderOrder } from '../../src/images/renderer-messages.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { JobQueue } from '../../src/jobs/job-queue.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Worker } from '../../src/worker/worker.ts';
import { inParallel } from './pairs.ts';

/** Submissions at the same time, and jobs in work at the same time. */
export const lanes = 8;

/**
 * Jobs a second, from the first submission to the last end, through everything but images: nothing is fetched, rendered
 * or kept.
 */
export async function noOpRate(store: OpenJobStore, queue: JobQueue, count: number): Promise<number> {
  const jobs = new Jobs(store.jobs, queue, { size: async () => 1 });
  const { promise: allMade, resolve } = Promise.withResolvers<void>();
  let made = 0;
  const worker = noOpWorker(store, queue, () => {
    made += 1;
    if (made === count) resolve();
  });
  const started = performance.now();
  worker.start();
  try {
    await inParallel(count, lanes, async () => {
      await jobs.submit({
        owner: 'local',
        priority: 'normal',
        source: { object: 'photo.jpg', filename: 'photo.jpg' },
        outputs: [{ name: 'thumb', filename: 'thumb_photo.jpg', options: { size: '100x100' } }],
      });
    });
    await allMade;
  } finally {
    await worker.stop();
  }
  return count / ((performance.now() - started) / 1000);
}

function noOpWorker(store: OpenJobStore, queue: JobQueue, onMade: () => void): Worker {
  return new Worker({
    name: 'bench',
    attempts: store.attempts,
    changes: store.changes,
    queue,
    objects: noObjects,
    downloader: { download: async () => ({ bytes: 0 }) },
    renderers: {
      inspect: async () => header,
      render: async ({ outputs }) => {
        onMade();
        return outputs.map(noImage);
      },
    },
    policy: { maxAttempts: 3, maxJobMs: 60_000, missingMs: 0 },
    slots: lanes,
    leaseMs: 30_000,
    logger: createLogger('silent'),
    metrics: new Metrics(),
  });
}

const header = {
  format: 'jpeg',
  width: 3_000,
  height: 2_000,
  pages: 1,
  channels: 3,
  bytesPerSample: 1,
  interlaced: false,
} as const;

const noObjects = {
  scratch: path.dirname(import.meta.filename),
  localFile: async () => ({ path: import.meta.filename, [Symbol.asyncDispose]: async () => {} }),
  adopt: async () => {},
  delete: async () => {},
};

function noImage({ name }: RenderOrder) {
  const sha256 = 'a'.repeat(64);
  return { name, width: 100, height: 100, bytes: 4_000, contentType: 'image/jpeg', sha256 };
}
