import { randomUUID } from 'node:crypto';
import { backfillUrl } from '../config/backfill-options.ts';
import type { Config } from '../config/config.ts';
import { kafkaConnection, kafkaIntakeOptions } from '../config/kafka-options.ts';
import type { DeliveryDrivers } from '../deliveries/outcome.ts';
import type { AddressGuard } from '../fetch/address-guard.ts';
import type { CountEvents } from '../intake/event-count.ts';
import type { IntakeGate } from '../jobs/intake-gate.ts';
import type { IntakeStore } from '../jobs/intake-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { LeaseStore } from '../jobs/lease-store.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { ModelLibrary } from '../super-resolution/model-library.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Rounds } from '../worker/rounds.ts';

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
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The ways in which other systems' events become jobs, and the ways of their answers. */
export interface Intakes extends AsyncDisposable {
  readonly drivers: DeliveryDrivers;
  /** Starts those that this process's roles have. */
  start(): void;
  /** Takes nothing more in; answers can still be told. */
  stop(): Promise<void>;
  /** Why those that run here can't go on now, for people; null for one that can. */
  faults(): Record<string, string | null>;
}

interface Running {
  start(): void;
  stop(): Promise<void>;
}

/** How often it is asked whether the backfill's time has come, in milliseconds. */
const scheduleEveryMs = 15_000;

/** One way in, as far as it is configured. */
interface OpenIntake {
  readonly drivers: DeliveryDrivers;
  /** What this process's roles ask to run. */
  readonly running: readonly Running[];
  faults(): Record<string, string | null>;
}

const noFaults = () => ({});
const closed: OpenIntake = { drivers: {}, running: [], faults: noFaults };

/** Those that are configured; the others' client libraries are not even loaded. Throws `invalid-configuration`. */
export async function openIntakes(config: Config, stop: AbortSignal, parts: IntakeParts): Promise<Intakes> {
  await using opened = new AsyncDisposableStack();
  const intakes = [
    await openResizing(config, parts, opened, stop),
    await openEnlarging(config, parts, opened),
    await openBackfill(config, parts, opened),
  ];
  const running = intakes.flatMap(intake => intake.running);
  const kept = opened.move();
  return {
    drivers: Object.assign({}, ...intakes.map(({ drivers }) => drivers)),
    start: () => {
      for (const each of running) each.start();
    },
    stop: async () => void (await Promise.all(running.map(each => each.stop()))),
    faults: () => Object.assign({}, ...intakes.map(intake => intake.faults())),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openResizing(
  config: Config,
  parts: IntakeParts,
  opened: AsyncDisposableStack,
  stop: AbortSignal,
): Promise<OpenIntake> {
  if (config.QUEUE_URL === undefined) return closed;
  const { createResizingService } = await import('./resizing-service.ts');
  const service = opened.use(createResizingService(config, config.QUEUE_URL, parts));
  const drivers = { sqs: service.driver };
  if (!config.ROLES.includes('intake')) return { drivers, running: [], faults: noFaults };
  await service.check(stop);
  return { drivers, running: [service], faults: () => ({ sqsIntake: service.fault() }) };
}

async function openEnlarging(
  config: Config,
  parts: IntakeParts,
  opened: AsyncDisposableStack,
): Promise<OpenIntake> {
  const [connection, options] = [kafkaConnection(config), kafkaIntakeOptions(config)];
  if (!connection || !options) return closed;
  const { createEnlargingService } = await import('./enlarging-service.ts');
  const service = opened.use(createEnlargingService(config, connection, options, parts));
  const drivers = { kafka: service.driver };
  if (!config.ROLES.includes('intake')) return { drivers, running: [], faults: noFaults };
  return { drivers, running: [service], faults: () => ({ kafkaIntake: service.fault() }) };
}

async function openBackfill(
  config: Config,
  parts: IntakeParts,
  opened: AsyncDisposableStack,
): Promise<OpenIntake> {
  const url = backfillUrl(config);
  if (url === undefined) return closed;
  const { createBackfillService } = await import('./backfill-service.ts');
  const count: CountEvents = (result, events) =>
    parts.metrics.intakeEvents.inc({ intake: 'backfill', result }, events);
  const service = opened.use(createBackfillService(config, url, { ...parts, count }));
  const drivers = { mongodb: service.driver };
  if (!config.ROLES.includes('scheduler') || config.BACKFILL_SCHEDULE === 'never') {
    return { drivers, running: [], faults: noFaults };
  }
  const { BackfillSchedule } = await import('../intake/backfill/backfill-schedule.ts');
  const schedule = new BackfillSchedule({
    backfill: service.backfill,
    collections: config.BACKFILL_COLLECTIONS,
    schedule: config.BACKFILL_SCHEDULE,
    leases: parts.leases,
    holder: randomUUID(),
    logger: parts.logger,
  });
  const look = (signal: AbortSignal) => schedule.runIfDue(signal);
  const rounds = new Rounds(look, scheduleEveryMs, parts.logger, 'the backfill failed');
  opened.adopt(rounds, started => started.stop());
  return { drivers, running: [rounds], faults: noFaults };
}
