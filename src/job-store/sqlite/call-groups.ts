import { TintypeError } from '../../errors/tintype-error.ts';
import type { StoreChange } from '../../jobs/store-changes.ts';
import type { GroupedTransactions } from './grouped-transactions.ts';
import { fromSqlite } from './sqlite-faults.ts';
import { type Answer, type Call, packError, type RemoteName, remoteMethods } from './thread-messages.ts';

/** The most calls of one commit: the first of them waits for the last, and each takes some tenths of a millisecond. */
const largestGroup = 64;

export interface Remotes {
  readonly remotes: Record<RemoteName, unknown>;
  readonly transactions: GroupedTransactions;
  /** What was announced since it was asked last. */
  readonly takeChanges: () => StoreChange[];
}

export interface Answers {
  readonly answers: readonly Answer[];
  readonly changes: readonly StoreChange[];
}

/** Runs these calls in their order, in as few commits as may be; tells the answers of each commit after it. */
export async function runCalls(
  calls: readonly Call[],
  to: Remotes,
  tell: (of: Answers) => void,
): Promise<void> {
  for (const group of split(calls)) {
    const answers = group.length === 1 ? await runEach(group, to) : await runTogether(group, to);
    tell({ answers, changes: to.takeChanges() });
  }
}

/** Migrations have a transaction of their own. */
function split(calls: readonly Call[]): Call[][] {
  const groups: Call[][] = [];
  let last: Call[] | undefined;
  for (const call of calls) {
    const alone = call.store === 'database';
    if (last === undefined || alone || last.length === largestGroup) {
      last = [];
      groups.push(last);
    }
    last.push(call);
    if (alone) last = undefined;
  }
  return groups;
}

async function runTogether(calls: readonly Call[], to: Remotes): Promise<Answer[]> {
  try {
    return await to.transactions.group(() => runEach(calls, to));
  } catch (error) {
    // They may have read what the others wrote, so this is the answer to reads as well.
    to.takeChanges();
    const packed = packError(fromSqlite(error));
    return calls.map(({ id }) => ({ id, error: packed }));
  }
}

/** A call that fails leaves the others alone, unless the database has dropped what they wrote: that is thrown. */
async function runEach(calls: readonly Call[], to: Remotes): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const call of calls) {
    try {
      answers.push({ id: call.id, value: await run(call, to) });
    } catch (error) {
      if (to.transactions.lost) throw error;
      answers.push({ id: call.id, error: packError(fromSqlite(error)) });
    }
  }
  return answers;
}

async function run({ store, method, parameters }: Call, { remotes }: Remotes): Promise<unknown> {
  if (!(remoteMethods[store] as readonly string[]).includes(method)) {
    throw new TintypeError('internal', `The job store has no ${store}.${method}.`);
  }
  const remote = remotes[store] as Record<string, (...of: readonly unknown[]) => unknown>;
  return remote[method]?.(...parameters);
}
