import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import type { HttpParts } from '../../src/http/http-parts.ts';
import { createHttpServer } from '../../src/http/server.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { attemptPrefix, type Claim } from '../../src/jobs/attempt-store.ts';
import type { Failure, StoredOutput } from '../../src/jobs/job.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import type { PartialFiles } from '../../src/jobs/partial-files.ts';
import { QueueQuota } from '../../src/jobs/queue-quota.ts';
import { Redrive } from '../../src/jobs/redrive.ts';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import { FilesystemPartialFiles } from '../../src/objects/filesystem-partial-files.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { imageLimits } from './image-limits.ts';
import { shippedModels } from './models.ts';
import { testSecrets } from './relaying.ts';
import { claimOne, ref } from './stored-jobs.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The HTTP server on the real stores, without a worker: tests play it by `complete` and `fail`. */
export interface HttpService {
  readonly url: string;
  readonly port: number;
  readonly stores: OpenJobStore;
  readonly objects: ObjectStore;
  /** Where another process would find the job store. */
  readonly databaseFile: string;
  /** Files in the object store and its scratch folder, or objects. */
  files(): Promise<string[]>;
  claim(): Promise<Claim>;
  /** Ends a claimed job as complete; every output holds these bytes. */
  complete(claim: Claim, content?: Buffer): Promise<void>;
  fail(claim: Claim, failure: Failure): Promise<void>;
  stop(): Promise<void>;
}

/** Where a service keeps objects and the pieces of uploads. */
export interface ObjectsForTest {
  readonly objects: ObjectStore;
  readonly partialFiles: PartialFiles;
  /** Whatever is there. */
  files(): Promise<string[]>;
}

/**
 * Starts it on a free port of 127.0.0.1, with some parts replaced; the suite stops it.
 * @param given left out, a folder of its own
 */
export async function startHttpService(
  options: Partial<HttpParts> | ((stores: OpenJobStore) => Partial<HttpParts>) = {},
  given?: ObjectsForTest,
): Promise<HttpService> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const place = given ?? (await openFolder(path.join(folder, 'objects'), cleanup));
  const { objects } = place;
  const databaseFile = path.join(folder, 'tintype.db');
  const stores = await openSqlite({ file: databaseFile, exclusive: true });
  cleanup.defer(() => stores.close());
  await stores.migrate();
  const app = await createHttpServer({
    ...testParts(stores, place),
    ...(typeof options === 'function' ? options(stores) : options),
  });
  cleanup.defer(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const kept = cleanup.move();
  let stopping: Promise<void> | undefined;
  const service: HttpService = {
    url,
    port: (app.server.address() as AddressInfo).port,
    stores,
    objects,
    databaseFile,
    files: () => place.files(),
    claim: () => claimOne(stores),
    complete: (claim, content = Buffer.from('not really an image')) => complete(service, claim, content),
    fail: async (claim, failure) => {
      await stores.attempts.end(ref(claim), { result: 'failed', failure });
    },
    stop() {
      stopping ??= kept.disposeAsync();
      return stopping;
    },
  };
  return service;
}

async function openFolder(root: string, cleanup: AsyncDisposableStack): Promise<ObjectsForTest> {
  const objects = new FilesystemObjectStore(root);
  cleanup.defer(() => objects.close());
  await objects.clearScratch(0);
  const partialFiles = new FilesystemPartialFiles(root, objects);
  return { objects, partialFiles, files: () => filesBelow(root) };
}

function testParts(stores: OpenJobStore, { objects, partialFiles }: ObjectsForTest): HttpParts {
  return {
    jobs: new Jobs(stores.jobs, { ring() {} }, objects),
    redrive: new Redrive(stores.failedJobs, { ring() {} }, objects),
    store: stores.jobs,
    uploads: stores.uploads,
    partialUploads: stores.partialUploads,
    partialFiles,
    events: stores.events,
    idempotency: stores.idempotency,
    statistics: stores.statistics,
    endpoints: stores.endpoints,
    deliveryLog: stores.deliveryLog,
    secrets: testSecrets,
    checkWebhookUrl: url => new AddressGuard(false).checkUrl(url),
    changes: stores.changes,
    objects,
    quota: new QueueQuota(stores.jobs, { jobs: 100_000, jobsPerOwner: 10_000 }),
    limits: imageLimits,
    models: shippedModels.models,
    magnifyOrigins: [],
    maxUploadBytes: 1_048_576,
    loopbackOnly: true,
    readiness: async () => ({}),
    metrics: new Metrics(),
    logger: createLogger('silent'),
  };
}

/** A multipart body with the parts in the given order. */
export function form(...parts: [name: string, content: Buffer | string, filename?: string][]): FormData {
  const data = new FormData();
  for (const [name, content, filename] of parts) {
    if (filename === undefined) data.append(name, content.toString());
    else data.append(name, new Blob([new Uint8Array(Buffer.from(content))]), filename);
  }
  return data;
}

/** A PNG's signature and header, followed by bytes that mean nothing, up to `bytes` in all. */
export function pngOf(bytes: number, width = 640, height = 480): Buffer {
  const image = Buffer.alloc(bytes, 0x5a);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(image);
  image.writeUInt32BE(width, 16);
  image.writeUInt32BE(height, 20);
  Buffer.from([8, 2, 0, 0, 0]).copy(image, 24);
  return image;
}

/** A connection on which a test writes HTTP as it likes. */
export function rawConnection(service: HttpService): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function complete({ stores, objects }: HttpService, claim: Claim, content: Buffer): Promise<void> {
  const outputs: StoredOutput[] = [];
  for (const { name } of claim.job.outputs) {
    const key = `${attemptPrefix(ref(claim))}${name}`;
    await objects.put(key, Readable.from([content]));
    const sha256 = createHash('sha256').update(content).digest('hex');
    outputs.push({
      name,
      key,
      width: 100,
      height: 100,
      bytes: content.length,
      contentType: 'image/jpeg',
      sha256,
    });
  }
  await stores.attempts.end(ref(claim), {
    result: 'complete',
    outputs,
    read: { bytes: 50_000, pixels: 480_000 },
  });
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name));
}
