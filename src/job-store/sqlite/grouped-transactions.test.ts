import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFile } from '../../../test/support/sqlite-file.ts';
import { GroupedTransactions } from './grouped-transactions.ts';

describe('a group of transactions', () => {
  it('is seen by others after its end, and all at once', async t => {
    const { write, seen, transactions } = await newDatabase(t);
    await transactions.group(async () => {
      write('a');
      write('b');
      assert.deepEqual(seen(), []);
    });
    assert.deepEqual(seen(), ['a', 'b']);
  });

  for (const place of ['first', 'middle', 'last']) {
    it(`loses no more than what failed: ${place}`, async t => {
      const { write, seen, transactions } = await newDatabase(t);
      const works = ['first', 'middle', 'last'].filter(text => text !== place);
      await transactions.group(async () => {
        for (const text of ['first', 'middle', 'last']) {
          if (text !== place) write(text);
          else assert.throws(() => write(text, 'insert into t values (null)'), /NOT NULL/);
        }
      });
      assert.deepEqual(seen(), works);
    });
  }

  it('lets reads see what came before them, and keeps nobody waiting when it only reads', async t => {
    const { write, read, seen, transactions, other } = await newDatabase(t);
    await transactions.group(async () => {
      assert.deepEqual(read(), []);
      other.exec("insert into t values ('other')");
      assert.deepEqual(read(), ['other']);
      write('a');
      assert.deepEqual(read(), ['other', 'a']);
    });
    assert.deepEqual(seen(), ['other', 'a']);
  });

  it('did not happen when its commit fails', async t => {
    const { write, seen, transactions } = await newDatabase(t);
    const failing = transactions.group(async () => {
      write('a');
      write('b', "insert into child values ('nobody')");
    });
    await assert.rejects(failing, /FOREIGN KEY/);
    assert.deepEqual(seen(), []);
    await transactions.group(async () => write('c'));
    assert.deepEqual(seen(), ['c']);
  });

  it('did not happen when SQLite has rolled it back in the middle, whatever comes after', async t => {
    const { database, write, seen, transactions } = await newDatabase(t);
    database.exec('pragma max_page_count = 10');
    const failing = transactions.group(async () => {
      write('a');
      assert.throws(() => write('b', 'insert into t values (zeroblob(100000))'), /full/);
      assert.equal(transactions.lost, true);
      assert.throws(() => write('c'), { code: 'storage-unavailable' });
    });
    await assert.rejects(failing, { code: 'storage-unavailable' });
    assert.deepEqual(seen(), []);
    await transactions.group(async () => write('d'));
    assert.deepEqual(seen(), ['d']);
  });

  it('waits for a locked database once', async t => {
    const { write, read, seen, transactions, other } = await newDatabase(t);
    await transactions.group(async () => {
      other.exec('begin immediate');
      assert.throws(() => write('a'), /locked/);
      other.exec('rollback');
      assert.throws(() => write('b'), /locked/);
      assert.deepEqual(read(), []);
    });
    await transactions.group(async () => write('c'));
    assert.deepEqual(seen(), ['c']);
  });
});

/** A database, its transactions, and another connection that sees only what is committed. */
async function newDatabase(t: TestContext) {
  const opened = await temporaryFile();
  const database = new DatabaseSync(opened.file, { timeout: 1 });
  const other = new DatabaseSync(opened.file, { timeout: 1 });
  t.after(async () => {
    database.close();
    other.close();
    await opened[Symbol.asyncDispose]();
  });
  database.exec(`pragma journal_mode = wal; pragma foreign_keys = on;
    create table t (x text not null primary key);
    create table child (x text references t deferrable initially deferred)`);
  const transactions = new GroupedTransactions(database);
  const rows = (of: DatabaseSync) =>
    of
      .prepare('select x from t order by rowid')
      .all()
      .map(row => row.x);
  /** Inserts the text, then runs the statement, as Kysely does it. */
  const write = (text: string, statement = 'select 1') => {
    transactions.begin(false);
    try {
      database.prepare('insert into t values (?)').run(text);
      database.exec(statement);
      transactions.commit();
    } catch (error) {
      transactions.rollback();
      throw error;
    }
  };
  const read = () => {
    transactions.begin(true);
    const found = rows(database);
    transactions.commit();
    return found;
  };
  return { database, other, transactions, write, read, seen: () => rows(other) };
}
