import { SqsIntake, type SqsIntakeOptions } from '../../../src/intake/resizing/sqs-intake.ts';
import type { IntakeStore } from '../../../src/jobs/intake-store.ts';
import { MessageQueue } from '../../../src/sqs/message-queue.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import type { ResizeQueue } from './resize-queue.ts';

/** The intake of a queue, started; `others` replaces some of its parts. */
export function startSqsIntake(
  queue: ResizeQueue,
  store: IntakeStore,
  others: Partial<SqsIntakeOptions> = {},
): AsyncDisposable {
  const opened = new MessageQueue(queue.url);
  const intake = new SqsIntake({
    queue: opened,
    store,
    owner: 'resizing',
    bucket: 'pictures',
    exportsUrl: 'https://s3.example.org',
    checkUrl: () => {},
    ring: () => {},
    count: () => {},
    gate: { opened: async () => {}, took: () => {} },
    logger: createLogger('silent'),
    ...others,
  });
  intake.start();
  return {
    async [Symbol.asyncDispose]() {
      await intake.stop();
      opened.close();
    },
  };
}
