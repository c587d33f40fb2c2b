import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Config, isLoopback } from './config/config.ts';
import { jobQueueOptions } from './config/job-queue-options.ts';
import { objectStoreOptions } from './config/object-store-options.ts';
import { Relay, tryMs } from './deliveries/relay.ts';
import { TintypeError } from './errors/tintype-error.ts';
import { AddressGuard } from './fetch/address-guard.ts';
import { Downloader } from './fetch/download.ts';
import { Poster } from './fetch/poster.ts';
import { createHttpServer } from './http/server.ts';
import { RendererPool } from './images/renderer-pool.ts';
import type { OpenJobStore } from './job-store/open-job-store.ts';
import { openSqlite } from './job-store/sqlite/sqlite.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import { Jobs } from './jobs/jobs.ts';
import type { ObjectStore } from './jobs/object-store.ts';
import { QueueQuota } from './jobs/queue-quota.ts';
import { Redrive } from './jobs/redrive.ts';
import { parseRetention } from './jobs/retention.ts';
import { openObjectStore } from './objects/open-object-store.ts';
import { openJobQueue } from './queue/open-job-queue.ts';
import { StoreBell } from './queue/store-bell.ts';
import { readOrMakeKey } from './secrets/key-file.ts';
import { SecretBox } from './secrets/secret-box.ts';
import type { Logger } from './telemetry/logger.ts';
import { Metrics } from './telemetry/metrics.ts';
import { Sweeper } from './worker/sweeper.ts';
import { Worker } from './worker/worker.ts';

/** The whole service in one process. */
export interface App {
  readonly jobs: Jobs;
  readonly store: OpenJobStore;
  readonly objects: ObjectStore;
  /** Starts the roles; resolves to the address that HTTP listens on, if it does. */
  start(): Promise<{ url?: string }>;
  /** Stops what was started, in reverse: no new work, then no work, then no stores. Twice is the same. */
  stop(): Promise<void>;
}

/**
 * Builds every part from the configuration, top to bottom. The job store is opened and migrated, nothing else runs yet.
 * One long function, so that the wiring can be read in one piece.
 * Throws `storage-unavailable` when another service process has the job store.
 */
export async function createApp(config: Config, logger: Logger): Promise<App> {
  const metrics = new Metrics();
  // Closed in reverse; at once if the building fails.
  await using parts = new AsyncDisposableStack();
  const store = parts.adopt(
    await openSqlite({ file: config.DATABASE_URL, exclusive: true, publicUrl: config.PUBLIC_URL }),
    opened => opened.close(),
  );
  await store.migrate();
  const objectStore = parts.adopt(await openObjectStore(objectStoreOptions(config), logger), opened =>
    opened.close(),
  );
  // On SQLite there is one service process.
  await objectStore.prepare(true);
  const { objects, partialFiles } = objectStore;
  const queue = parts.adopt(await openJobQueue(jobQueueOptions(config), store.changes, logger), opened =>
    opened.close(),
  );
  // `forever` is no time.
  const jobs = new Jobs(store.jobs, queue, objects, parseRetention(config.RETENTION));
  const limits = {
    maxPixels: config.MAX_PIXELS,
    maxOutputPixels: config.MAX_OUTPUT_PIXELS,
    maxRenderBytes: config.MAX_RENDER_BYTES,
    allowSvg: config.ALLOW_SVG,
  };
  const leaseMs = config.LEASE_SECONDS * 1000;
  const guard = new AddressGuard(config.ALLOW_PRIVATE_ADDRESSES);
  const keyFile = path.join(path.dirname(config.DATABASE_URL), 'secrets.key');
  const secrets = new SecretBox(config.SECRETS_KEY ?? (await readOrMakeKey(keyFile)));

  const downloader = parts.adopt(
    new Downloader({
      guard,
      maxBytes: config.MAX_UPLOAD_BYTES,
      idleMs: config.JOB_TIMEOUT_SECONDS * 1000,
      totalMs: config.MAX_JOB_SECONDS * 1000,
    }),
    opened => opened.close(),
  );
  const renderers = parts.adopt(
    new RendererPool({
      size: config.WORKER_CONCURRENCY,
      limits,
      memoryBytes: config.RENDER_MEMORY_BYTES,
      logger,
      metrics,
    }),
    pool => pool.stop(),
  );
  const sweeper = parts.adopt(
    new Sweeper({ ...store, objects, partialFiles, queue, leaseMs, logger, metrics }),
    started => started.stop(),
  );
  const worker = parts.adopt(
    new Worker({
      name: `${os.hostname()}/${process.pid}/${randomUUID()}`,
      attempts: store.attempts,
      changes: store.changes,
      queue,
      objects,
      downloader,
      renderers,
      policy: {
        maxAttempts: config.MAX_ATTEMPTS,
        maxJobMs: config.MAX_JOB_SECONDS * 1000,
        missingMs: 60_000,
      },
      slots: config.WORKER_CONCURRENCY * 3,
      leaseMs,
      logger,
      metrics,
    }),
    started => started.stop(),
  );

  const relay = parts.adopt(
    new Relay({
      deliveries: store.deliveries,
      bell: parts.adopt(new StoreBell(store.changes, 'delivery'), opened => opened.close()),
      poster: parts.adopt(new Poster(guard, tryMs), opened => opened.close()),
      secrets,
      schedule: config.DELIVERY_SCHEDULE,
      logger,
      metrics,
    }),
    started => started.stop(),
  );

  metrics.gaugeBacklog(() => store.jobs.backlog());
  metrics.gaugeDeliveries(() => store.deliveries.backlog());
  const http = config.ROLES.includes('api')
    ? await createHttpServer({
        jobs,
        redrive: new Redrive(store.failedJobs, queue, objects),
        store: store.jobs,
        uploads: store.uploads,
        partialUploads: store.partialUploads,
        partialFiles,
        events: store.events,
        idempotency: store.idempotency,
        statistics: store.statistics,
        endpoints: store.endpoints,
        deliveryLog: store.deliveryLog,
        secrets,
        checkWebhookUrl: url => guard.checkUrl(url),
        changes: store.changes,
        objects,
        ...(config.OBJECT_DOWNLOADS === 'redirect' &&
          objectStore.links && { downloadLinks: objectStore.links }),
        quota: new QueueQuota(store.jobs, {
          jobs: config.MAX_QUEUED_JOBS,
          jobsPerOwner: config.MAX_QUEUED_JOBS_PER_OWNER,
        }),
        limits,
        maxUploadBytes: config.MAX_UPLOAD_BYTES,
        ...(config.AUTH === 'keys' && {
          authentication: { keys: store.keys, requestsAMinute: config.RATE_LIMIT },
        }),
        loopbackOnly: config.AUTH !== 'keys' && isLoopback(config.HOST),
        ...(config.PUBLIC_URL === undefined ? {} : { publicUrl: config.PUBLIC_URL }),
        readiness: () => readiness(store, objects, queue, logger),
        metrics,
        logger,
      })
    : undefined;
  if (http) parts.defer(() => http.close());

  const running = parts.move();
  let stopped: Promise<void> | undefined;
  return {
    jobs,
    store,
    objects,
    async start() {
      if (config.ROLES.includes('worker')) {
        renderers.warm();
        worker.start();
      }
      if (config.ROLES.includes('deliveries')) relay.start();
      if (config.ROLES.includes('sweeper')) sweeper.start();
      return http === undefined ? {} : { url: await listen(http, config) };
    },
    stop() {
      stopped ??= running.disposeAsync();
      return stopped;
    },
  };
}

async function listen(http: FastifyInstance, { HOST, PORT }: Config): Promise<string> {
  try {
    return await http.listen({ host: HOST, port: PORT });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'something else listens there' : message;
    throw new TintypeError('invalid-configuration', `HOST is '${HOST}', PORT is '${PORT}': ${reason}.`, {
      cause,
    });
  }
}

/** Each engine's fault, or null when it answers. */
async function readiness(
  store: OpenJobStore,
  objects: ObjectStore,
  queue: JobQueue,
  logger: Logger,
): Promise<Record<string, string | null>> {
  const fault = (check: Promise<unknown>) =>
    check.then(
      () => null,
      error => {
        logger.warn({ err: error }, 'a part is not ready');
        return TintypeError.from(error).message;
      },
    );
  const [jobStore, objectStore, jobQueue] = await Promise.all([
    fault(store.jobs.backlog()),
    fault(objects.check()),
    queue.fault(),
  ]);
  return { jobStore, objectStore, jobQueue };
}
