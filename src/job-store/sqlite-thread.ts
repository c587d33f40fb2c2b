import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Kysely, sql } from 'kysely';
import { TintypeError } from '../errors/tintype-error.ts';
import type { StoreChange } from '../jobs/store-changes.ts';
import { migrate } from './migrate.ts';
import { createStores } from './sql-stores.ts';
import { openDatabase } from './sqlite-database.ts';
import { nodeSqliteDialect, sqliteDialect } from './sqlite-dialect.ts';
import { fromSqlite } from './sqlite-faults.ts';
import { lockExclusively } from './sqlite-lock.ts';
import type { Tables } from './tables.ts';
import { packError, type Reply, type Request, remoteMethods, type ThreadOptions } from './thread-messages.ts';

/** How often other processes' writes are looked for. */
const pollMs = 500;

if (parentPort !== null) serve(parentPort, workerData as ThreadOptions);

/** Owns the database: answers each call with one message, until it is told to close. */
function serve(port: MessagePort, options: ThreadOptions): void {
  const post = (reply: Reply) => port.postMessage(reply);
  try {
    const opened = open(options);
    if (options.exclusive) watchOthers(opened.database, changes => post({ kind: 'changes', changes }));
    const running = new Set<Promise<void>>();
    port.on('message', async (request: Request) => {
      if (request.kind === 'call') {
        const answered = answer(opened, request)
          .then(post)
          .finally(() => running.delete(answered));
        running.add(answered);
        return;
      }
      await Promise.all(running);
      opened[Symbol.dispose]();
      port.close();
    });
    post({ kind: 'open' });
  } catch (error) {
    post({ kind: 'not-open', error: packError(fromSqlite(error)) });
    port.close();
  }
}

type Opened = ReturnType<typeof open>;

function open({ file, exclusive }: ThreadOptions) {
  using cleanup = new DisposableStack();
  const database = cleanup.adopt(openDatabase(file), opened => opened.close());
  if (exclusive) cleanup.use(lockExclusively(file));
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  let changes: StoreChange[] = [];
  const stores = createStores(db, sqliteDialect, change => changes.push(change));
  const takeChanges = () => {
    const taken = changes;
    changes = [];
    return taken;
  };
  const kept = cleanup.move();
  return {
    database,
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

/** Who holds the lock is the only service process: whatever is still leased was left by one that died. */
async function endLeasesOfTheDead(db: Kysely<Tables>): Promise<void> {
  const { now } = sqliteDialect;
  await sql`update jobs set lease_ends_at = ${now} where lease_ends_at > ${now}`.execute(db);
}

async function answer(opened: Opened, request: Request & { kind: 'call' }): Promise<Reply> {
  const { id, store, method, parameters } = request;
  try {
    if (!(remoteMethods[store] as readonly string[]).includes(method)) {
      throw new TintypeError('internal', `The job store has no ${store}.${method}.`);
    }
    const remote = opened.remotes[store] as unknown as Record<string, (...of: readonly unknown[]) => unknown>;
    const value = await remote[method]?.(...parameters);
    return { kind: 'value', id, value, changes: opened.takeChanges() };
  } catch (error) {
    return { kind: 'error', id, error: packError(fromSqlite(error)), changes: opened.takeChanges() };
  }
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
    tell([{ kind: 'work' }, { kind: 'event' }]);
  }, pollMs);
  timer.unref();
}
