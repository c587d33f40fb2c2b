import { Exporter } from '../../src/deliveries/exporter.ts';
import { Relay, type RelayOptions, tryMs } from '../../src/deliveries/relay.ts';
import { WebhookDriver } from '../../src/deliveries/webhook.ts';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { Poster } from '../../src/fetch/poster.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { ExportStore } from '../../src/jobs/export-store.ts';
import { StoreBell } from '../../src/queue/store-bell.ts';
import { SecretBox } from '../../src/secrets/secret-box.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** The same in all tests, so that what one part sealed another can open. */
export const testSecrets = new SecretBox('ab'.repeat(32));

const noExports: ExportStore = {
  url: 'file:///nowhere',
  copy: () => Promise.reject(new Error('there are no exports here')),
};

/** A relay on a store, started, that may call 127.0.0.1; `changed` replaces some of its parts. */
export function startRelay(
  store: OpenJobStore,
  changed: Partial<RelayOptions> & { guard?: AddressGuard; exports?: ExportStore } = {},
): AsyncDisposable & { relay: Relay } {
  const { guard = new AddressGuard(['127.0.0.0/8']), exports = noExports, drivers, ...options } = changed;
  const bell = new StoreBell(store.changes, 'delivery');
  const poster = new Poster(guard, tryMs);
  const relay = new Relay({
    deliveries: store.deliveries,
    bell,
    drivers: {
      webhook: new WebhookDriver({
        poster,
        secrets: testSecrets,
        answer: report => JSON.stringify(report),
      }),
      ...drivers,
    },
    exporter: new Exporter(exports, store.deliveries),
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
