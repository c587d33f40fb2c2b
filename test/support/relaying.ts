import { Relay, type RelayOptions, tryMs } from '../../src/deliveries/relay.ts';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { Poster } from '../../src/fetch/poster.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { StoreBell } from '../../src/queue/store-bell.ts';
import { SecretBox } from '../../src/secrets/secret-box.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** The same in all tests, so that what one part sealed another can open. */
export const testSecrets = new SecretBox('ab'.repeat(32));

/** A relay on a store, started, that may call 127.0.0.1; `changed` replaces some of its parts. */
export function startRelay(
  store: OpenJobStore,
  changed: Partial<RelayOptions> & { guard?: AddressGuard } = {},
): AsyncDisposable & { relay: Relay } {
  const { guard = new AddressGuard(['127.0.0.0/8']), ...options } = changed;
  const bell = new StoreBell(store.changes, 'delivery');
  const poster = new Poster(guard, tryMs);
  const relay = new Relay({
    deliveries: store.deliveries,
    bell,
    poster,
    secrets: testSecrets,
    schedule: [50, 100, 100, 100],
    logger: createLogger('silent'),
    metrics: new Metrics(),
    ...options,
  });
  relay.start();
  return {
    relay,
    async [Symbol.asyncDispose]() {
      await relay.stop();
      await poster.close();
      await bell.close();
    },
  };
}
