import type { ValueKind } from './values.ts';

/** What JOB_QUEUE_URL names. */
export type JobQueueTarget = { readonly driver: 'database' } | BrokerTarget;

export type BrokerTarget =
  | { readonly driver: 'redis'; readonly url: string }
  | { readonly driver: 'sqs'; readonly queueUrl: string }
  | { readonly driver: 'kafka'; readonly brokers: readonly string[]; readonly topic: string };

export const brokerPattern = /^(?:[a-zA-Z0-9._-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
/** Kafka's own rule. */
export const topicPattern = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

export const jobQueueUrl: ValueKind<string> = {
  accepts:
    'database:, redis://host:port/number, rediss://…, sqs:<queue URL> such as sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/jobs, or kafka://host:port,host:port/topic',
  parse: text => (parseJobQueueUrl(text) === undefined ? undefined : text),
};

/** Undefined when it is none of those. */
export function parseJobQueueUrl(text: string): JobQueueTarget | undefined {
  if (text === 'database:') return { driver: 'database' };
  if (/^rediss?:/.test(text)) return redisTarget(text);
  if (text.startsWith('sqs:')) return sqsTarget(text.slice('sqs:'.length));
  if (text.startsWith('kafka://')) return kafkaTarget(text.slice('kafka://'.length));
  return undefined;
}

function redisTarget(text: string): JobQueueTarget | undefined {
  const url = URL.parse(text);
  const isPlain = url?.hostname && /^(?:\/\d{0,5})?$/.test(url.pathname) && !url.search && !url.hash;
  return isPlain ? { driver: 'redis', url: text } : undefined;
}

function sqsTarget(text: string): JobQueueTarget | undefined {
  const url = URL.parse(text);
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  return isPlain && /^\/.*[\w-]/.test(url.pathname) ? { driver: 'sqs', queueUrl: text } : undefined;
}

function kafkaTarget(text: string): JobQueueTarget | undefined {
  const [list = '', topic = '', ...rest] = text.split('/');
  const brokers = list.split(',').map(broker => broker.trim());
  if (rest.length > 0 || !topicPattern.test(topic) || !brokers.every(name => brokerPattern.test(name))) {
    return undefined;
  }
  return { driver: 'kafka', brokers, topic };
}
