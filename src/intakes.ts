import { randomUUID } from 'node:crypto';
import { backfillUrl } from './config/backfill-options.ts';
import type { Config } from './config/config.ts';
import { kafkaConnection, kafkaIntakeOptions } from './config/kafka-options.ts';
import type { DeliveryDrivers } from './deliveries/outcome.ts';
import type { AddressGuard } from './fetch/address-guard.ts';
import type { IntakeGate } from './jobs/intake-gate.ts';
import type { IntakeStore } from './jobs/intake-store.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import type { LeaseStore } from './jobs/lease-store.ts';
import type { SecretBox } from './secrets/secret-box.ts';
import type { ModelLibrary } from './super-resolution/model-library.ts';
import type { Logger } from './telemetry/logger.ts';
import { Rounds } from './worker/rounds.ts';

export interface IntakeParts {
  readonly intake: IntakeStore;
  readonly gate: IntakeGate;
  readonly leases: LeaseStore;
  readonly queue: Pick<JobQueue, 'ring'>;
  /** What the addresses of exports begin with. */
  readonly exportsUrl: string;
  readonly secrets: SecretBox;
  readonly guard: AddressGuard;
  readonly models: ModelLibrary;
  readonly logger: Logger;
}

/** The ways in which other systems' events become jobs, and the ways of their answers. */
export interface Intakes extends AsyncDisposable {
  readonly drivers: DeliveryDrivers;
  /** Starts those that this process's roles have. */
  start(): void;
  /** Takes nothing more in; answers can still be told. */
  stop(): Promise<void>;
}

interface Running {
  start(): void;
  stop(): Promise<void>;
}

/** How often it is asked whether the backfill's time has come, in milliseconds. */
const scheduleEveryMs = 15_000;

/** Those that are configured; the others' client libraries are not even loaded. Throws `invalid-configuration`. */
export async function openIntakes(config: Config, stop: AbortSignal, parts: IntakeParts): Promise<Intakes> {
  await using opened = new AsyncDisposableStack();
  const running: Running[] = [];
  let drivers: DeliveryDrivers = {};
  if (config.QUEUE_URL !== undefined) {
    const { createResizingService } = await import('./resizing-service.ts');
    const resizing = opened.use(createResizingService(config, config.QUEUE_URL, parts));
    drivers = { ...drivers, sqs: resizing.driver };
    if (config.ROLES.includes('intake')) {
      await resizing.check(stop);
      running.push(resizing);
    }
  }
  const [connection, enlarging] = [kafkaConnection(config), kafkaIntakeOptions(config)];
  if (connection && enlarging) {
    const { createKafkaService } = await import('./kafka-service.ts');
    const kafka = opened.use(createKafkaService(config, connection, enlarging, parts));
    drivers = { ...drivers, kafka: kafka.driver };
    if (config.ROLES.includes('intake')) running.push(kafka);
  }
  const url = backfillUrl(config);
  if (url !== undefined) {
    const { createBackfillService } = await import('./backfill-service.ts');
    const service = opened.use(createBackfillService(config, url, parts));
    drivers = { ...drivers, mongodb: service.driver };
    if (config.ROLES.includes('scheduler') && config.BACKFILL_SCHEDULE !== 'never') {
      const { BackfillSchedule } = await import('./intake/backfill/backfill-schedule.ts');
      const schedule = new BackfillSchedule({
        backfill: service.backfill,
        collections: config.BACKFILL_COLLECTIONS,
        schedule: config.BACKFILL_SCHEDULE,
        leases: parts.leases,
        holder: randomUUID(),
        logger: parts.logger,
      });
      const rounds = new Rounds(signal => schedule.runIfDue(signal), scheduleEveryMs, parts.logger);
      opened.adopt(rounds, started => started.stop());
      running.push(rounds);
    }
  }
  const kept = opened.move();
  return {
    drivers,
    start: () => {
      for (const each of running) each.start();
    },
    stop: async () => void (await Promise.all(running.map(each => each.stop()))),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
