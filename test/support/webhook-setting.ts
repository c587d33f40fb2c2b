import type { Delivery } from '../../src/jobs/delivery-log.ts';
import type { NewJob } from '../../src/jobs/job.ts';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { eventually } from './eventually.ts';
import { startRelay, testSecrets } from './relaying.ts';
import { openTestSqlite } from './sqlite-file.ts';
import type { OpenDatabase } from './stored-jobs.ts';

export const hookSecret = newSigningSecret();

/** A job's own webhook, signed with `hookSecret`. */
export function hook(url: string): Partial<NewJob> {
  return { webhooks: [{ url, secret: testSecrets.seal(hookSecret) }] };
}

/** An owner's endpoint, signed with `hookSecret`. */
export function endpointAt(url: string) {
  return { url, secret: testSecrets.seal(hookSecret) };
}

/** A store and a relay on it, and what the relay has told. */
interface Setting extends AsyncDisposable {
  readonly database: OpenDatabase;
  readonly store: OpenDatabase['store'];
  readonly relay: ReturnType<typeof startRelay>['relay'];
  newest(): Promise<Delivery | undefined>;
  /** The newest delivery, once it has ended. */
  ended(): Promise<Delivery>;
  count(status: Delivery['status']): Promise<number>;
}

export async function openSetting(options: Parameters<typeof startRelay>[1] = {}): Promise<Setting> {
  await using cleanup = new AsyncDisposableStack();
  const database = cleanup.use(await openTestSqlite());
  const { store } = database;
  const { relay } = cleanup.use(startRelay(store, options));
  const newest = async () => (await store.deliveryLog.list({}, { limit: 1 })).deliveries[0];
  const kept = cleanup.move();
  return {
    database,
    store,
    relay,
    newest,
    ended: () =>
      eventually(async () => {
        const delivery = await newest();
        return delivery?.status !== 'pending' && delivery;
      }, 'the delivery ends'),
    count: async status => (await store.deliveryLog.list({ status }, { limit: 200 })).deliveries.length,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
