import { type Kysely, type Selectable, sql } from 'kysely';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { EventsTable, Tables } from '../tables.ts';
import { toEvent } from './job-rows.ts';

/** Writes what happens to jobs into the event log, in the transaction that lets it happen. */
export class EventRecorder {
  readonly #record: Prepared<{ ids: string }, Selectable<EventsTable>>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#record = prepare((p: { ids: string }) =>
      sql<Selectable<EventsTable>>`insert into events (job_id, owner, status, run, at, failure)
        select id, owner, status, run, ${dialect.now}, failure from jobs
        where id ${dialect.oneOf(p.ids)} order by id returning *`.compile(db),
    );
  }

  /** Writes an event for each of these jobs: the status that it has now. Resolves to them, in the log's order. */
  async record(trx: Kysely<Tables>, ids: readonly string[]): Promise<JobEvent[]> {
    const rows = await this.#record.all(trx, { ids: JSON.stringify(ids) });
    return rows.map(toEvent).sort((a, b) => a.position - b.position);
  }
}
