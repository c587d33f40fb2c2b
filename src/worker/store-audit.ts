import { TintypeError } from '../errors/tintype-error.ts';
import type { ClaimRef } from '../jobs/attempt-store.ts';
import type { AuditStore, ExpectedOutput } from '../jobs/audit-store.ts';
import type { LeaseStore } from '../jobs/lease-store.ts';
import type { ObjectStore, StoredObject } from '../jobs/object-store.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface AuditOptions {
  readonly audit: AuditStore;
  readonly leases: LeaseStore;
  readonly objects: ObjectStore;
  /** Names this process. */
  readonly holder: string;
  /** How often it is done, in milliseconds. */
  readonly everyMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const dayMs = 86_400_000;
const leaseMs = 600_000;
/** Objects or rows that are compared at once. */
const batch = 500;
/** Keys of missing objects that the log names. */
const mostNamed = 20;

/**
 * Compares the object store with the job store: deletes objects under `jobs/` and `uploads/` that no row
 * knows, and what writers that died left; reports rows whose objects are missing. Rows come before their objects, so
 * an object without a row never gets one; what is younger than a day is not touched all the same.
 */
export class StoreAudit {
  readonly #options: AuditOptions;
  readonly #duty;
  #takenAt = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#duty = { name: 'audit', holder: options.holder, leaseMs, everyMs: options.everyMs };
  }

  /** Resolves at once when it is not due or another process does it. Throws the stores' faults; it stays due then. */
  async run(signal: AbortSignal): Promise<void> {
    const { leases, objects, logger, metrics } = this.#options;
    if (!(await leases.take(this.#duty))) return;
    this.#takenAt = performance.now();
    let isDone = false;
    try {
      const deleted =
        (await this.#deleteUnknown('jobs/', found => this.#unknownOfJobs(found), signal)) +
        (await this.#deleteUnknown('uploads/', found => this.#unknownUploads(found), signal));
      const tidied =
        (await objects.tidy('jobs/', dayMs, signal)) + (await objects.tidy('uploads/', dayMs, signal));
      const missing = [...(await this.#missingOutputs(signal)), ...(await this.#missingUploads(signal))];
      isDone = !signal.aborted;
      if (!isDone) return;
      metrics.auditDeleted.inc(deleted);
      metrics.auditMissing.set(missing.length);
      logger.info({ deleted, tidied, missing: missing.length }, 'the object store was audited');
      if (missing.length > 0) {
        logger.error({ keys: missing.slice(0, mostNamed) }, 'objects are missing that jobs name');
      }
    } finally {
      await leases.release(this.#duty, isDone);
    }
  }

  /** Resolves to how many they were. */
  async #deleteUnknown(
    prefix: string,
    unknown: (keys: string[]) => Promise<string[]>,
    signal: AbortSignal,
  ): Promise<number> {
    const { objects } = this.#options;
    let deleted = 0;
    for await (const found of batches(objects.list(prefix))) {
      if (signal.aborted) break;
      const latest = Date.now() - dayMs;
      const keys = await unknown(found.filter(each => each.modifiedAt < latest).map(({ key }) => key));
      await objects.delete(keys);
      deleted += keys.length;
      await this.#keepDuty();
    }
    return deleted;
  }

  async #unknownOfJobs(keys: string[]): Promise<string[]> {
    const attempts = new Map(keys.map(key => [key.split('/', 3).join('/'), attemptOf(key)]));
    const asked = [...attempts.values()].filter(attempt => attempt !== undefined);
    const known = await this.#options.audit.knownAttempts(asked);
    const folders = new Set(known.map(({ jobId, attempt }) => `jobs/${jobId}/${attempt}`));
    return keys.filter(key => !folders.has(key.split('/', 3).join('/')));
  }

  async #unknownUploads(keys: string[]): Promise<string[]> {
    const known = new Set(await this.#options.audit.knownUploads(keys.map(uploadOf)));
    return keys.filter(key => !known.has(uploadOf(key)));
  }

  #missingOutputs(signal: AbortSignal): Promise<string[]> {
    const { audit } = this.#options;
    return this.#missing<ExpectedOutput>(
      after => audit.expectedOutputs(after, batch),
      output => output.key,
      signal,
    );
  }

  #missingUploads(signal: AbortSignal): Promise<string[]> {
    const { audit } = this.#options;
    return this.#missing(after => audit.expectedUploads(after, batch), uploadKey, signal);
  }

  /** The keys of expected objects that are not there. */
  async #missing<T>(
    pageAfter: (last: T | undefined) => Promise<T[]>,
    keyOf: (expected: T) => string,
    signal: AbortSignal,
  ): Promise<string[]> {
    const missing: string[] = [];
    for (let last: T | undefined; !signal.aborted; ) {
      const page = await pageAfter(last);
      const absent = await this.#absent(page.map(keyOf));
      if (absent.length > 0) {
        // Those that expired in between are not expected any more.
        const still = new Set((await pageAfter(last)).map(keyOf));
        missing.push(...absent.filter(key => still.has(key)));
      }
      await this.#keepDuty();
      if (page.length < batch) break;
      last = page.at(-1);
    }
    return missing;
  }

  async #absent(keys: readonly string[]): Promise<string[]> {
    const absent = [];
    for (const key of keys) if ((await this.#options.objects.size(key)) === undefined) absent.push(key);
    return absent;
  }

  /** Throws when somebody else has taken it over. */
  async #keepDuty(): Promise<void> {
    if (performance.now() - this.#takenAt < leaseMs / 3) return;
    if (!(await this.#options.leases.take(this.#duty))) {
      throw new TintypeError('internal', 'The lease of the audit was lost.');
    }
    this.#takenAt = performance.now();
  }
}

/** Undefined where no attempt can have written it. */
function attemptOf(key: string): ClaimRef | undefined {
  const [, jobId, attempt] = /^jobs\/([^/]+)\/([1-9]\d{0,14})\//.exec(key) ?? [];
  return jobId === undefined ? undefined : { jobId, attempt: Number(attempt) };
}

/** Its id, also of a file beside it. */
function uploadOf(key: string): string {
  return /^uploads\/([^/.]*)/.exec(key)?.[1] ?? '';
}

async function* batches(objects: AsyncIterable<StoredObject>): AsyncGenerator<StoredObject[]> {
  let found: StoredObject[] = [];
  for await (const object of objects) {
    found.push(object);
    if (found.length < batch) continue;
    yield found;
    found = [];
  }
  yield found;
}
