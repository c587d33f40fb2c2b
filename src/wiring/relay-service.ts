import { resizeAnswer } from '../answers/resize-answer.ts';
import type { Config } from '../config/config.ts';
import { Exporter } from '../deliveries/exporter.ts';
import type { DeliveryDrivers } from '../deliveries/outcome.ts';
import { Relay, tryMs } from '../deliveries/relay.ts';
import { WebhookDriver } from '../deliveries/webhook.ts';
import type { AddressGuard } from '../fetch/address-guard.ts';
import { Poster } from '../fetch/poster.ts';
import type { OpenJobStore } from '../job-store/open-job-store.ts';
import type { ExportStore } from '../jobs/export-store.ts';
import { StoreBell } from '../queue/store-bell.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface RelayParts {
  readonly store: OpenJobStore;
  readonly exports: ExportStore;
  /** Beside that of webhooks. */
  readonly drivers: DeliveryDrivers;
  readonly guard: AddressGuard;
  readonly secrets: SecretBox;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The relay with its webhooks, built and not started; stopped when it is disposed of. */
export function createRelay(
  config: Config,
  { store, exports, drivers, guard, secrets, logger, metrics }: RelayParts,
): Pick<Relay, 'start'> & AsyncDisposable {
  const poster = new Poster(guard, tryMs);
  const bell = new StoreBell(store.changes, 'delivery');
  const relay = new Relay({
    deliveries: store.deliveries,
    bell,
    drivers: { webhook: new WebhookDriver({ poster, secrets, answer: resizeAnswer }), ...drivers },
    exporter: new Exporter(exports, store.deliveries),
    schedule: config.DELIVERY_SCHEDULE,
    logger,
    metrics,
  });
  return {
    start: () => relay.start(),
    async [Symbol.asyncDispose]() {
      await relay.stop();
      await poster.close();
      await bell.close();
    },
  };
}
