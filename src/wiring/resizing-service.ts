import { resizeAnswer } from '../answers/resize-answer.ts';
import type { Config } from '../config/config.ts';
import { sqsCredentials } from '../config/sqs-intake-options.ts';
import type { DeliveryDriver } from '../deliveries/outcome.ts';
import { SqsDriver } from '../deliveries/sqs.ts';
import { SqsPublisher } from '../deliveries/sqs-publisher.ts';
import type { AddressGuard } from '../fetch/address-guard.ts';
import { SqsIntake } from '../intake/resizing/sqs-intake.ts';
import type { IntakeGate } from '../jobs/intake-gate.ts';
import type { IntakeStore } from '../jobs/intake-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { parseRetention } from '../jobs/retention.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { MessageQueue } from '../sqs/message-queue.ts';
import { QueueDirectory } from '../sqs/queue-directory.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ResizingParts {
  readonly intake: IntakeStore;
  readonly gate: IntakeGate;
  readonly queue: Pick<JobQueue, 'ring'>;
  /** What the addresses of exports begin with. */
  readonly exportsUrl: string;
  readonly secrets: SecretBox;
  readonly guard: AddressGuard;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The SQS resizing service: its intake, and the way of its answers to other queues. */
export interface ResizingService extends AsyncDisposable {
  readonly driver: DeliveryDriver<'sqs'>;
  /** Throws `invalid-configuration` when SQS refuses the queue. */
  check(signal: AbortSignal): Promise<void>;
  /** Starts the intake. */
  start(): void;
  /** Stops the intake. */
  stop(): Promise<void>;
  /** Why the intake can't go on now, for people; null when it can. */
  fault(): string | null;
}

const owner = 'resizing-service';

/** Built and not started; stopped when it is disposed of. */
export function createResizingService(
  config: Config,
  queueUrl: string,
  { intake: store, gate, queue, exportsUrl, secrets, guard, metrics, logger }: ResizingParts,
): ResizingService {
  const credentials = sqsCredentials(config);
  const retentionMs = parseRetention(config.RETENTION);
  const { POSTBACK_SECRET_KEY: postbackSecret } = config;
  const messages = new MessageQueue(queueUrl, credentials);
  const directory = new QueueDirectory(messages.client, config.CALLS_TO_UPDATE_LIST_SQS_QUEUES);
  const publisher = new SqsPublisher(messages.client, directory);
  const intake = new SqsIntake({
    queue: messages,
    store,
    gate,
    ring: jobs => queue.ring(jobs),
    owner,
    // `QUEUE_URL` has it with it (`sqsIntakeFaults`).
    bucket: config.IMAGES_BUCKET ?? '',
    exportsUrl,
    ...(postbackSecret !== undefined && { postbackSecret: secrets.seal(postbackSecret) }),
    ...(retentionMs !== undefined && { retentionMs }),
    checkUrl: url => guard.checkUrl(url),
    count: (result, events) => metrics.intakeEvents.inc({ intake: 'sqs', result }, events),
    logger,
  });
  return {
    driver: new SqsDriver(publisher, resizeAnswer),
    check: signal => messages.check(signal),
    start: () => intake.start(),
    stop: () => intake.stop(),
    fault: () => intake.fault(),
    async [Symbol.asyncDispose]() {
      await intake.stop();
      messages.close();
    },
  };
}
