import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Kysely } from 'kysely';
import { temporaryFile } from '../../../test/support/sqlite-file.ts';
import { claimDeliveries } from '../../../test/support/stored-deliveries.ts';
import { deliver, endNext, newGroup, newPart, workAll } from '../../../test/support/stored-groups.ts';
import { failed, found } from '../../../test/support/stored-jobs.ts';
import { Links } from '../../jobs/links.ts';
import { migrate } from '../migrate.ts';
import type { OpenJobStore } from '../open-job-store.ts';
import { createStores } from '../sql-stores.ts';
import { GroupedTransactions } from '../sqlite/grouped-transactions.ts';
import { openDatabase } from '../sqlite/sqlite-database.ts';
import { sqliteDialect } from '../sqlite/sqlite-dialect.ts';
import { kyselyDialect } from '../sqlite/sqlite-driver.ts';
import type { Tables } from '../tables.ts';

test('no statement reads a whole table, from the event to the delivery and the claims between', async () => {
  await using folder = await temporaryFile();
  const statements = new Set<string>();
  using database = openDatabase(folder.file);
  const db = new Kysely<Tables>({
    dialect: kyselyDialect(database, new GroupedTransactions(database)),
    log({ query }) {
      statements.add(query.sql);
    },
  });
  await migrate(db, sqliteDialect);
  statements.clear();
  const stores = createStores(db, sqliteDialect, () => {}, new Links());
  await everyWay(stores as unknown as OpenJobStore);
  const planner = new DatabaseSync(folder.file);
  const scans = [...statements]
    .filter(text => /^\s*(select|with|insert|update|delete)/i.test(text))
    .flatMap(text => {
      const plan = planner.prepare(`explain query plan ${text}`).all() as { detail: string }[];
      return plan.map(({ detail }) => ({ detail, text }));
    })
    .filter(({ detail }) =>
      /^SCAN (jobs|outputs|attempts|groups|exports|deliveries|earlier|reopened|d)\b/.test(detail),
    );
  planner.close();
  assert.deepEqual(scans, []);
  assert.ok(statements.size > 20);
});

async function everyWay(store: OpenJobStore): Promise<void> {
  const exports = [{ part: 'image', output: 'thumb', bucket: 'out', key: 'a' }];
  const groups = [1, 2, 3].map(() => newGroup({ orderKey: 'k', exports }));
  await store.intake.submitGroups([...groups, newGroup({ jobs: [newPart('a'), newPart('b')] })]);
  const { job } = await endNext(store, failed);
  await store.jobs.retry(job.id);
  await endNext(store, failed);
  await store.failedJobs.retry([job.id]);
  await store.jobs.cancel(found(groups[2]?.jobs[0]).id);
  await workAll(store);
  const [delivery] = await claimDeliveries(store);
  await store.deliveries.exported(found(delivery?.groupId), [0]);
  await deliver(store, found(delivery));
  await store.attempts.expireLeases(1);
  await store.deliveryLog.list({ jobId: job.id }, { limit: 10 });
  await store.expiry.expireDue(10);
  await store.expiry.dropExpired(0, 10);
}
