import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { type Config, isLoopback } from './config/config.ts';
import { imageLimits } from './config/image-limits.ts';
import { jobQueueOptions } from './config/job-queue-options.ts';
import { jobStoreOptions } from './config/job-store-options.ts';
import { libraryPaths } from './config/library-paths.ts';
import { objectStoreOptions } from './config/object-store-options.ts';
import { AddressGuard } from './fetch/address-guard.ts';
import { Downloader } from './fetch/download.ts';
import type { HealthParts } from './http/http-parts.ts';
import { createHealthServer, createHttpServer } from './http/server.ts';
import { RendererPool } from './images/renderer-pool.ts';
import { migrateWhenThere } from './job-store/migrate-when-there.ts';
import { type OpenJobStore, openJobStore } from './job-store/open-job-store.ts';
import { IntakeGate } from './jobs/intake-gate.ts';
import { Jobs } from './jobs/jobs.ts';
import type { ObjectStore } from './jobs/object-store.ts';
import { QueueQuota } from './jobs/queue-quota.ts';
import { Redrive } from './jobs/redrive.ts';
import { parseRetention } from './jobs/retention.ts';
import { openObjectStore } from './objects/open-object-store.ts';
import { openJobQueue } from './queue/open-job-queue.ts';
import { readiness } from './readiness.ts';
import { readOrMakeKey } from './secrets/key-file.ts';
import { SecretBox } from './secrets/secret-box.ts';
import { checkExecutionProviders } from './super-resolution/check-execution-providers.ts';
import { ModelLibrary } from './super-resolution/model-library.ts';
import { EngineWatch } from './telemetry/engine-watch.ts';
import type { Logger } from './telemetry/logger.ts';
import { Metrics } from './telemetry/metrics.ts';
import { listen, listenIfFree } from './web/listen.ts';
import { openIntakes } from './wiring/intakes.ts';
import { createRelay } from './wiring/relay-service.ts';
import { Sweeper } from './worker/sweeper.ts';
import { Worker } from './worker/worker.ts';

/** For so long after its start a job waits for an object that is not there, in milliseconds (docs/object-stores.md). */
const missingMs = 60_000;

/** While one job of three is rendered, another is fetched and a third is stored. */
const slotsPerRenderer = 3;

/** The whole service in one process. */
export interface App {
  readonly jobs: Jobs;
  readonly store: OpenJobStore;
  readonly objects: ObjectStore;
  /** Starts the roles; resolves to the address of HTTP, or, without the role `api`, to the one that tells its health. */
  start(): Promise<{ url?: string; healthUrl?: string }>;
  /** Stops what was started, in reverse: no new work, then no work, then no stores. Twice is the same. */
  stop(): Promise<void>;
}

/**
 * Builds every part from the configuration, top to bottom. The job store is opened and migrated, nothing else runs yet.
 * One long function, so that the wiring can be read in one piece.
 * Throws `storage-unavailable` when another service process has the job store; waits for a database server that is
 * away, until `stop` is aborted.
 * @param tellsHealth a process without the role `api` listens as well, to tell how it is; by default it does not
 */
export async function createApp(
  config: Config,
  logger: Logger,
  stop: AbortSignal,
  tellsHealth = false,
): Promise<App> {
  const models = new ModelLibrary({
    importedFolder: config.MODELS_FOLDER,
    precision: config.MODEL_PRECISION,
  });
  const enlargerStart = {
    executionProviders: config.SR_EXECUTION_PROVIDERS,
    maxBytes: config.MAX_RENDER_BYTES,
    libraryPaths: libraryPaths(),
  };
  if (config.ROLES.includes('worker')) await checkExecutionProviders(enlargerStart, models);
  const metrics = new Metrics();
  // Closed in reverse; at once if the building fails.
  await using parts = new AsyncDisposableStack();
  const storeOptions = jobStoreOptions(config);
  const openedStore = parts.adopt(await openJobStore(storeOptions, true, logger), opened => opened.close());
  if (storeOptions.driver === 'sqlite') await openedStore.migrate();
  else await migrateWhenThere(openedStore, logger, stop);
  const openedObjects = parts.adopt(await openObjectStore(objectStoreOptions(config), logger), opened =>
    opened.close(),
  );
  // On SQLite there is one service process.
  await openedObjects.prepare({ isAlone: storeOptions.driver === 'sqlite' });
  const storeWatch = new EngineWatch('the job store', () => openedStore.events.newest(), logger);
  const objectWatch = new EngineWatch('the object store', () => openedObjects.objects.check(), logger);
  for (const watch of [storeWatch, objectWatch]) parts.defer(() => watch.close());
  const store = storeWatch.over(openedStore);
  const { objects, partialFiles, links } = objectWatch.over(openedObjects);
  const queue = parts.adopt(await openJobQueue(jobQueueOptions(config), store.changes, logger), opened =>
    opened.close(),
  );
  // `forever` is no time.
  const retentionMs = parseRetention(config.RETENTION);
  const jobs = new Jobs(store.jobs, queue, objects, retentionMs);
  const limits = imageLimits(config);
  const leaseMs = config.LEASE_SECONDS * 1000;
  const guard = new AddressGuard(config.ALLOW_PRIVATE_ADDRESSES);
  const localFolder = storeOptions.driver === 'sqlite' ? path.dirname(storeOptions.file) : objects.scratch;
  const keyFile = path.join(localFolder, 'secrets.key');
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
      models,
      executionProviders: config.SR_EXECUTION_PROVIDERS,
      libraryPaths: enlargerStart.libraryPaths,
      tileMs: config.JOB_TIMEOUT_SECONDS * 1000,
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
        missingMs,
      },
      slots: config.WORKER_CONCURRENCY * slotsPerRenderer,
      leaseMs,
      logger,
      metrics,
    }),
    started => started.stop(),
  );

  const intakes = parts.use(
    await openIntakes(config, stop, {
      intake: store.intake,
      gate: new IntakeGate(store.jobs, config.MAX_QUEUED_JOBS),
      leases: store.leases,
      queue,
      exportsUrl: openedObjects.exports.url,
      secrets,
      guard,
      models,
      metrics,
      logger,
    }),
  );

  const relay = parts.use(
    createRelay(config, {
      store,
      exports: openedObjects.exports,
      drivers: intakes.drivers,
      guard,
      secrets,
      logger,
      metrics,
    }),
  );

  metrics.gaugeBacklog(() => store.jobs.backlog());
  metrics.gaugeDeliveries(() => store.deliveries.backlog());
  const healthParts: HealthParts = {
    maxUploadBytes: config.MAX_UPLOAD_BYTES,
    ...(config.AUTH === 'keys' && {
      authentication: { keys: store.keys, requestsAMinute: config.RATE_LIMIT },
    }),
    loopbackOnly: config.AUTH !== 'keys' && isLoopback(config.HOST),
    readiness: () => readiness({ store, objects, queue, intakes }, logger),
    metrics,
    logger,
  };
  const isApi = config.ROLES.includes('api');
  const http = isApi
    ? await createHttpServer({
        ...healthParts,
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
        ...(config.OBJECT_DOWNLOADS === 'redirect' && links && { downloadLinks: links }),
        quota: new QueueQuota(store.jobs, {
          jobs: config.MAX_QUEUED_JOBS,
          jobsPerOwner: config.MAX_QUEUED_JOBS_PER_OWNER,
        }),
        limits,
        models,
        magnifyOrigins: config.MAGNIFY_ORIGINS ?? [],
        ...(config.PUBLIC_URL === undefined ? {} : { publicUrl: config.PUBLIC_URL }),
      })
    : tellsHealth
      ? await createHealthServer(healthParts)
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
      intakes.start();
      if (config.ROLES.includes('deliveries')) relay.start();
      if (config.ROLES.includes('sweeper')) sweeper.start();
      if (http === undefined) return {};
      if (isApi) return { url: await listen(http, config) };
      const healthUrl = await listenIfFree(http, config, logger);
      return healthUrl === undefined ? {} : { healthUrl };
    },
    stop() {
      // What is being made is given back in seconds, however long the last requests take.
      stopped ??= Promise.all([intakes.stop(), worker.stop(), running.disposeAsync()]).then(() => {});
      return stopped;
    },
  };
}
