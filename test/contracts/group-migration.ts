import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { StoredRow, StoredTables } from '../../src/jobs/stored-tables.ts';

const job: StoredRow = {
  id: '01900000-0000-7000-8000-000000000001',
  owner: 'ann',
  status: 'complete',
  priority: 1,
  run: 1,
  claims: 1,
  attempts: 1,
  lost_leases: 0,
  ran_ms: 5,
  progress: 1,
  source: '{}',
  submitted_at: 1,
  not_before: 1,
  ready: 0,
  waiting: 0,
  ended_at: 2,
};
const delivery: StoredRow = {
  id: '01900000-0000-7000-8000-000000000002',
  job_id: found(job.id),
  run: 1,
  owner: 'ann',
  type: 'job.complete',
  kind: 'webhook',
  target: '{"url":"https://a.example.org/"}',
  endpoint_id: null,
  target_key: 'ann a.example.org',
  order_key: null,
  body: '{}',
  status: 'pending',
  claims: 2,
  failures: 2,
  created_at: 2,
  pending_since: 2,
  ended_at: null,
  ready: 0,
  leased: 0,
  due_at: 9e12,
};
const tries: StoredRow[] = [1, 2].map(each => ({
  delivery_id: found(delivery.id),
  try: each,
  at: each,
  status: 500,
  latency_ms: 7,
  error: 'HTTP 500.',
}));

/** @param open tables of an empty database that nothing was done to */
export function groupMigrationContract(
  open: () => Promise<AsyncDisposable & { tables: StoredTables }>,
): void {
  it('keeps deliveries and their tries as they are when groups come', async () => {
    await using database = await open();
    const { tables } = database;
    await tables.makeAsOf('0008-upload-owners');
    await tables.fill({}, async add => {
      await add('jobs', [job]);
      await add('deliveries', [delivery]);
      await add('delivery_tries', tries);
    });
    await tables.migrate();
    await tables.read(async ({ pages }) => {
      const added = { group_id: null, turn: null, blocked: 0 };
      assert.deepEqual(await rowsOf(pages('deliveries')), [{ ...delivery, ...added }]);
      assert.deepEqual(await rowsOf(pages('delivery_tries')), tries);
      const [kept] = await rowsOf(pages('jobs'));
      assert.deepEqual([kept?.id, kept?.group_id, kept?.blocked], [job.id, null, 0]);
    });
  });
}

async function rowsOf(pages: AsyncIterable<readonly StoredRow[]>): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const page of pages) rows.push(...page.map(row => ({ ...row })));
  return rows;
}

function found<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}
