import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Kysely, sql } from 'kysely';
import { Links } from '../../jobs/links.ts';
import type { StoreChange } from '../../jobs/store-changes.ts';
import { migrate } from '../migrate.ts';
import { createStores } from '../sql-stores.ts';
import type { Tables } from '../tables.ts';
import { type Answers, runCalls } from './call-groups.ts';
import { GroupedTransactions } from './grouped-transactions.ts';
import { openDatabase } from './sqlite-database.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { kyselyDialect } from './sqlite-driver.ts';
import { fromSqlite } from './sqlite-faults.ts';
import { lockExclusively } from './sqlite-lock.ts';
import { packError, type Reply, type Request, type ThreadOptions } from './thread-messages.ts';

/** How often other processes' writes are looked for. */
const pollMs = 500;

if (parentPort !== null) serve(parentPort, workerData as ThreadOptions);

/** Owns the database: answers what it is asked until it is told to close. */
function serve(port: MessagePort, options: ThreadOptions): void {
  const post = (reply: Reply) => port.postMessage(reply);
  const tell = (answers: Answers) => post({ kind: 'answers', ...answers });
  try {
    const opened = open(options);
    if (options.exclusive) watchOthers(opened.database, changes => tell({ answers: [], changes }));
    let turn = Promise.resolve();
    port.on('message', (first: Request) => {
      const requests = [first, ...waiting(port)];
      const calls = requests.flatMap(request => (request.kind === 'calls' ? request.calls : []));
      turn = turn.then(() => runCalls(calls, opened, tell));
      if (!requests.some(request => request.kind === 'close')) return;
      turn.then(() => {
        opened[Symbol.dispose]();
        port.close();
      });
    });
    post({ kind: 'open' });
  } catch (error) {
    post({ kind: 'not-open', error: packError(fromSqlite(error)) });
    port.close();
  }
}

/** Takes what came while this thread was busy. */
function* waiting(port: MessagePort): Generator<Request> {
  for (;;) {
    const next = receiveMessageOnPort(port) as { message: Request } | undefined;
    if (next === undefined) return;
    yield next.message;
  }
}

function open({ file, exclusive, publicUrl }: ThreadOptions) {
  using cleanup = new DisposableStack();
  const database = cleanup.adopt(openDatabase(file), opened => opened.close());
  if (exclusive) cleanup.use(lockExclusively(file));
  const transactions = new GroupedTransactions(database);
  const db = new Kysely<Tables>({ dialect: kyselyDialect(database, transactions) });
  let changes: StoreChange[] = [];
  const stores = createStores(db, sqliteDialect, change => changes.push(change), new Links(publicUrl));
  const takeChanges = () => {
    const taken = changes;
    changes = [];
    return taken;
  };
  const kept = cleanup.move();
  return {
    database,
    transactions,
    remotes: {
      ...stores,
      database: {
        migrate: async () => {
          const names = await migrate(db, sqliteDialect);
          if (exclusive) await endLeasesOfTheDead(db);
          return names;
        },
      },
    },
    takeChanges,
    [Symbol.dispose]: () => kept.dispose(),
  };
}

/** The holder of the lock is the only service process, so whatever is still leased was left by one that died. */
async function endLeasesOfTheDead(db: Kysely<Tables>): Promise<void> {
  const { now } = sqliteDialect;
  await sql`update jobs set lease_ends_at = ${now} where lease_ends_at > ${now}`.execute(db);
  await sql`update deliveries set due_at = ${now} where due_at > ${now} and leased = 1`.execute(db);
  await sql`update partial_uploads set locked_until = 0 where locked_until > 0`.execute(db);
}

/** SQLite changes this number when another connection has written, and only then. */
function watchOthers(database: DatabaseSync, tell: (changes: readonly StoreChange[]) => void): void {
  const statement = database.prepare('pragma data_version');
  let seen = statement.get()?.data_version;
  const timer = setInterval(() => {
    if (!database.isOpen) return clearInterval(timer);
    const version = statement.get()?.data_version;
    if (version === seen) return;
    seen = version;
    tell([{ kind: 'work' }, { kind: 'delivery' }, { kind: 'event' }]);
  }, pollMs);
  timer.unref();
}
