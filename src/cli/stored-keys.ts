import { readConfig } from '../config/config.ts';
import type { KeyStore } from '../jobs/key-store.ts';
import { openExistingStore } from './existing-store.ts';

/** Opens the job store of the configuration for as long as the work takes, also beside a running service. */
export async function withStoredKeys(work: (keys: KeyStore) => Promise<void>): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const store = parts.adopt(await openExistingStore(readConfig(process.env)), opened => opened.close());
  await work(store.keys);
}
