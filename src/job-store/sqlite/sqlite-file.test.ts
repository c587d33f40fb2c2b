import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestSqlite, temporaryFile } from '../../../test/support/sqlite-file.ts';
import { completeJob, newJob } from '../../../test/support/stored-jobs.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { StoreChange } from '../../jobs/store-changes.ts';
import type { OpenJobStore } from '../open-job-store.ts';
import { openSqlite } from './sqlite.ts';
import { fromSqlite } from './sqlite-faults.ts';

describe('a SQLite file', () => {
  it('has one service, and the command line beside it', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    const service = await openSqlite({ file, exclusive: true });
    await assert.rejects(openSqlite({ file, exclusive: true }), {
      code: 'storage-unavailable',
      message: /Another `tintype serve` uses/,
    });
    const commandLine = await openSqlite({ file, exclusive: false });
    await commandLine.close();
    await service.close();
    await (await openSqlite({ file, exclusive: true })).close();
  });

  it('is made in a folder for its user alone', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'data/tintype.db');
    const store = await openSqlite({ file, exclusive: true });
    assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700);
    await store.close();
  });

  it('is free again when its service was killed', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    using holder = await holdStore(file, 'true');
    await assert.rejects(openSqlite({ file, exclusive: true }), { code: 'storage-unavailable' });
    const next = openSqlite({ file, exclusive: true });
    await kill(holder.process);
    await (await next).close();
  });

  it('lets a new service take over at once what its predecessor had leased', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    const before = await openSqlite({ file, exclusive: true });
    await before.migrate();
    await before.jobs.submit(newJob());
    await before.attempts.claim('predecessor', 1, 600_000);
    await before.close();
    const commandLine = await openSqlite({ file, exclusive: false });
    await commandLine.migrate();
    assert.equal(await commandLine.attempts.expireLeases(10), 0);
    await commandLine.close();
    const after = await openSqlite({ file, exclusive: true });
    await after.migrate();
    assert.equal(await after.attempts.expireLeases(10), 1);
    await after.close();
  });

  it('keeps what was accepted through a kill right after the answer', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    const service = await openSqlite({ file, exclusive: false });
    await service.migrate();
    await service.close();
    for (const jobs of [1, 20, 100]) {
      using holder = await holdStore(file, 'true', String(jobs));
      await kill(holder.process);
      const store = await openSqlite({ file, exclusive: true });
      const ids = holder.said.split(' ');
      assert.equal(ids.length, jobs);
      for (const id of ids) assert.equal((await store.jobs.get(id))?.status, 'pending');
      await store.close();
    }
  });

  it('is brought up to date once, however many do it', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    const stores = await Promise.all([1, 2, 3].map(() => openSqlite({ file, exclusive: false })));
    const ran = await Promise.all(stores.map(store => store.migrate()));
    assert.equal(ran.flat().filter(name => name === '0001-jobs').length, 1);
    assert.equal(new Set(ran.flat()).size, ran.flat().length);
    await completeJob(stores[0] as OpenJobStore);
    assert.deepEqual(await stores[1]?.migrate(), []);
    assert.equal((await stores[2]?.jobs.list({}, { limit: 5 }))?.jobs.length, 1);
    await Promise.all(stores.map(store => store.close()));
  });
});

describe('changes', () => {
  it('are told after the commit', async () => {
    await using database = await openTestSqlite();
    const { store } = database;
    const told: StoreChange[] = [];
    const stop = store.changes.subscribe(change => told.push(change));
    const { id } = await store.jobs.submit(newJob());
    const [event] = await store.events.after(0, {}, 1);
    assert.deepEqual(told, [{ kind: 'work' }, { kind: 'event', events: [event] }]);
    const [claim] = await store.attempts.claim('worker', 1, 60_000);
    told.length = 0;
    await store.attempts.renew([{ jobId: id, attempt: claim?.attempt ?? 0, progress: 0.5 }], 60_000);
    assert.deepEqual(told, [{ kind: 'progress', jobId: id, owner: 'ann', progress: 0.5 }]);
    stop();
    await store.jobs.cancel(id);
    assert.equal(told.length, 1);
  });

  it('by another process are noticed', async () => {
    await using database = await openTestSqlite();
    const other = await database.again();
    const told = new Set<string>();
    database.store.changes.subscribe(change => told.add(change.kind));
    await other.jobs.submit(newJob());
    await eventually(async () => told.has('work') && told.has('event'), 'the other write is noticed');
  });
});

describe('an open store', () => {
  it('answers what was asked before it closed, and nothing after', async () => {
    await using opened = await temporaryFile();
    const store = await openSqlite({ file: opened.file, exclusive: true });
    await store.migrate();
    const asked = Array.from({ length: 50 }, () => store.jobs.submit(newJob()));
    const closed = Promise.all([store.close(), store.close()]);
    await assert.rejects(store.jobs.backlog(), { code: 'storage-unavailable' });
    assert.equal((await Promise.all(asked)).length, 50);
    await closed;
    await assert.rejects(store.jobs.backlog(), { code: 'storage-unavailable' });
  });

  it('says what was wrong without its tables', async () => {
    await using opened = await temporaryFile();
    const store = await openSqlite({ file: opened.file, exclusive: false });
    await assert.rejects(store.jobs.backlog(), (error: Error) => {
      assert.match(String(error.cause), /no such table: jobs/);
      return 'code' in error && error.code === 'internal';
    });
    await store.close();
  });

  it('refuses what is no database', async () => {
    await using opened = await temporaryFile();
    const { file } = opened;
    await writeFile(file, 'This is a text. '.repeat(1_000));
    await assert.rejects(openSqlite({ file, exclusive: false }), {
      code: 'invalid-configuration',
      message: /jobs\.db, which is no SQLite database/,
    });
    await assert.rejects(openSqlite({ file: path.dirname(file), exclusive: false }), {
      code: 'invalid-configuration',
      message: /which is a folder/,
    });
  });

  it('throws when its thread has died', async t => {
    await using opened = await temporaryFile();
    const store = await openSqlite({ file: opened.file, exclusive: true });
    const { mock } = t.mock.method(Worker.prototype, 'ref');
    const migrated = store.migrate();
    const thread = mock.calls[0]?.this;
    assert.ok(thread instanceof Worker);
    await thread.terminate();
    await assert.rejects(migrated, { code: 'storage-unavailable' });
    await assert.rejects(store.jobs.backlog(), { code: 'storage-unavailable' });
    await store.close();
  });

  it('keeps no process alive', async () => {
    await using opened = await temporaryFile();
    const script = `
      import { openSqlite } from ${JSON.stringify(import.meta.resolve('./sqlite.ts'))};
      const store = await openSqlite({ file: ${JSON.stringify(opened.file)}, exclusive: true });
      console.log(await store.migrate());`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});

describe("SQLite's faults", () => {
  it('are passing when the disk is full or the database locked', async () => {
    await using opened = await temporaryFile();
    using database = new DatabaseSync(opened.file, { timeout: 1 });
    database.exec('create table t (x); pragma max_page_count = 3');
    const fill = () => database.exec('insert into t values (zeroblob(100000))');
    assert.equal(faultOf(fill).code, 'storage-unavailable');
    using other = new DatabaseSync(opened.file);
    other.exec('begin exclusive');
    assert.equal(faultOf(() => database.exec('insert into t values (1)')).code, 'storage-unavailable');
  });

  it('are ours when the statement is wrong', async () => {
    using database = new DatabaseSync(':memory:');
    assert.equal(faultOf(() => database.exec('select x from nowhere')).code, 'internal');
  });
});

function faultOf(act: () => void) {
  try {
    act();
  } catch (error) {
    return fromSqlite(error);
  }
  return assert.fail('it must throw');
}

/** A process that has the store open, and its first line of output. */
async function holdStore(file: string, ...rest: string[]) {
  const program = new URL('../../../test/support/store-holder.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, file, ...rest], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return {
    process: child,
    said: String(line).trim(),
    [Symbol.dispose]: () => {
      child.kill('SIGKILL');
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
