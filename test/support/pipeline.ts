import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { Downloader } from '../../src/fetch/download.ts';
import type { ImageLimits } from '../../src/images/limits.ts';
import { defaultOutputs } from '../../src/images/output-names.ts';
import { RendererPool } from '../../src/images/renderer-pool.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import type { Job, NewJob } from '../../src/jobs/job.ts';
import type { JobQueue } from '../../src/jobs/job-queue.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import { hasEnded } from '../../src/jobs/states.ts';
import type { StoreChanges } from '../../src/jobs/store-changes.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import { FilesystemPartialFiles } from '../../src/objects/filesystem-partial-files.ts';
import { DatabaseQueue } from '../../src/queue/database.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Sweeper } from '../../src/worker/sweeper.ts';
import { Worker, type WorkerOptions } from '../../src/worker/worker.ts';
import { imageLimits } from './image-limits.ts';
import { shippedModels } from './models.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Real stores, renderers and downloader in a folder of their own, and workers on them, started one by one. */
export class Pipeline implements AsyncDisposable {
  readonly folder: string;
  readonly store: OpenJobStore;
  readonly objects: ObjectStore;
  readonly renderers: RendererPool;
  readonly queue: JobQueue;
  readonly jobs: Jobs;
  readonly sweeper: Sweeper;
  readonly #cleanup: AsyncDisposableStack;
  readonly #parts: Omit<WorkerOptions, 'name'>;

  /** @param given objects left out, a folder of its own; a queue left out, the one that needs no broker. Closed with it */
  static async open(
    given: {
      leaseMs?: number;
      limits?: ImageLimits;
      objects?: ObjectStore;
      openQueue?: (changes: StoreChanges) => Promise<JobQueue>;
    } = {},
  ): Promise<Pipeline> {
    const { leaseMs = 600, limits = imageLimits } = given;
    await using cleanup = new AsyncDisposableStack();
    const folder = cleanup.use(await temporaryFolder()).path;
    const store = await openSqlite({ file: path.join(folder, 'jobs.db'), exclusive: true });
    cleanup.defer(() => store.close());
    await store.migrate();
    const objects = given.objects ?? (await openFolder(path.join(folder, 'objects'), cleanup));
    const openQueue = given.openQueue ?? (async (changes: StoreChanges) => new DatabaseQueue(changes));
    const queue = cleanup.adopt(await openQueue(store.changes), opened => opened.close());
    return new Pipeline(folder, store, objects, queue, cleanup.move(), leaseMs, limits);
  }

  private constructor(
    folder: string,
    store: OpenJobStore,
    objects: ObjectStore,
    queue: JobQueue,
    cleanup: AsyncDisposableStack,
    leaseMs: number,
    limits: ImageLimits,
  ) {
    this.folder = folder;
    this.store = store;
    this.objects = objects;
    this.#cleanup = cleanup;
    const logger = createLogger('silent');
    const metrics = new Metrics();
    this.queue = queue;
    this.jobs = new Jobs(store.jobs, this.queue, objects);
    this.renderers = new RendererPool({
      ...shippedModels,
      size: 2,
      limits,
      memoryBytes: 2 ** 30,
      logger,
      metrics,
    });
    cleanup.defer(() => this.renderers.stop());
    const guard = new AddressGuard(['127.0.0.1/32']);
    const downloader = new Downloader({ guard, maxBytes: 2 ** 26, idleMs: 5_000, totalMs: 60_000 });
    cleanup.defer(() => downloader.close());
    const partialFiles = new FilesystemPartialFiles(path.join(folder, 'objects'), objects);
    this.sweeper = new Sweeper({
      ...store,
      objects,
      partialFiles,
      queue: this.queue,
      leaseMs,
      logger,
      metrics,
    });
    this.#parts = {
      attempts: store.attempts,
      changes: store.changes,
      queue: this.queue,
      objects,
      downloader,
      renderers: this.renderers,
      policy: { maxAttempts: 3, maxJobMs: 60_000, missingMs: 60_000 },
      slots: 4,
      leaseMs,
      logger,
      metrics,
    };
  }

  /** Starts a worker on these parts; `changed` replaces some of them. It is stopped with the pipeline. */
  startWorker(changed: Partial<WorkerOptions> = {}): Worker {
    const worker = new Worker({ ...this.#parts, name: randomUUID(), ...changed });
    this.#cleanup.defer(() => worker.stop());
    worker.start();
    return worker;
  }

  /** Stores an original and submits a job for it, as the HTTP API does. */
  async submit(image: Buffer | string, job: Partial<NewJob> = {}): Promise<Job> {
    const owner = job.owner ?? 'local';
    const upload = uuidv7();
    await this.store.uploads.create({ id: upload, owner, filename: 'photo.jpg' });
    const body = typeof image === 'string' ? createReadStream(image) : Readable.from([image]);
    await this.objects.put(uploadKey(upload), body);
    return this.jobs.submit({
      owner,
      priority: 'normal',
      source: { upload, filename: 'photo.jpg' },
      outputs: defaultOutputs('photo.jpg'),
      ...job,
    });
  }

  /** Resolves once the job has that status; a job that ended in another way throws. */
  async reaches(id: string, status: Job['status']): Promise<Job> {
    for (;;) {
      const changed = this.changed();
      const job = await this.store.jobs.get(id);
      if (job?.status === status) return job;
      if (job && hasEnded(job.status)) {
        throw new Error(`Job ${id} ended ${job.status}: ${job.failure?.message}`);
      }
      await changed;
    }
  }

  /** Resolves at the next change of any job's status. */
  async changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unsubscribe = this.store.changes.subscribe(change => {
      if (change.kind === 'event') resolve();
    });
    await promise;
    unsubscribe();
  }

  /** Everything in the object store but the originals, and everything in its scratch folder. */
  async leftInStore(): Promise<string[]> {
    const keys = (await keysOf(this.objects)).filter(key => !key.startsWith('uploads/'));
    const scratch = (await readdir(this.objects.scratch)).map(name => `.scratch/${name}`);
    return [...keys, ...scratch];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }
}

async function openFolder(folder: string, cleanup: AsyncDisposableStack): Promise<ObjectStore> {
  const objects = new FilesystemObjectStore(folder);
  cleanup.defer(() => objects.close());
  await objects.clearScratch(0);
  return objects;
}

async function keysOf(objects: ObjectStore): Promise<string[]> {
  const keys = [];
  for await (const { key } of objects.list('')) keys.push(key);
  return keys;
}
