import type { Config } from './config.ts';
import { parseJobQueueUrl } from './job-queue-url.ts';
import { kafkaLogin } from './kafka-login.ts';

/** What the configuration says of the job queue, as its drivers take it. */
export function jobQueueOptions(config: Config) {
  const target = parseJobQueueUrl(config.JOB_QUEUE_URL) ?? { driver: 'database' };
  return target.driver === 'kafka' ? { ...target, ...kafkaLogin(config) } : target;
}
