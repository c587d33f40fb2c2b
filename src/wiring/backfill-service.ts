import type { Config } from '../config/config.ts';
import { MongodbDriver } from '../deliveries/mongodb.ts';
import type { DeliveryDriver } from '../deliveries/outcome.ts';
import { Backfill } from '../intake/backfill/backfill.ts';
import type { CountEvents } from '../intake/event-count.ts';
import type { IntakeGate } from '../jobs/intake-gate.ts';
import type { IntakeStore } from '../jobs/intake-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { parseRetention } from '../jobs/retention.ts';
import { ImageDocuments } from '../mongodb/image-documents.ts';

export interface BackfillParts {
  readonly intake: IntakeStore;
  readonly gate: IntakeGate;
  readonly queue: Pick<JobQueue, 'ring'>;
  /** What the addresses of exports begin with. */
  readonly exportsUrl: string;
  readonly count: CountEvents;
}

/** The backfill of a MongoDB database, and the way of its infos back into the documents. */
export interface BackfillService extends AsyncDisposable {
  readonly backfill: Backfill;
  readonly documents: ImageDocuments;
  readonly driver: DeliveryDriver<'mongodb'>;
  /** Whose jobs they are. */
  readonly owner: string;
}

const owner = 'backfill';

/** @param url of the database */
export function createBackfillService(
  config: Config,
  url: string,
  { intake, gate, queue, exportsUrl, count }: BackfillParts,
): BackfillService {
  const retentionMs = parseRetention(config.RETENTION);
  const documents = new ImageDocuments(url);
  return {
    owner,
    documents,
    driver: new MongodbDriver(documents),
    backfill: new Backfill({
      documents,
      store: intake,
      gate,
      ring: jobs => queue.ring(jobs),
      count,
      owner,
      // The database has it with it (`backfillFaults`).
      bucket: config.IMAGES_BUCKET ?? '',
      exportsUrl,
      ...(retentionMs !== undefined && { retentionMs }),
    }),
    [Symbol.asyncDispose]: () => documents[Symbol.asyncDispose](),
  };
}
