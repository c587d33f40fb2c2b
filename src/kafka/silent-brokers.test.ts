import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SilentServer } from '../../test/support/silent-server.ts';
import { createLogger } from '../telemetry/logger.ts';
import { ensureTopic } from './ensure-topic.ts';
import { TopicConsumer } from './topic-consumer.ts';

describe('brokers that take connections and are silent', () => {
  it('hold no consumer for longer than some seconds when it is stopped', { timeout: 20_000 }, async () => {
    await using server = await SilentServer.start();
    const consumer = new TopicConsumer<string>({
      settings: { brokers: [`127.0.0.1:${server.port}`], tls: false },
      topics: ['images'],
      groupId: 'enlargers',
      reset: 'earliest',
      handling: { read: async ({ value }) => String(value), handle: async () => {}, buried: () => {} },
      logger: createLogger('silent'),
    });
    consumer.start();
    await server.connected();
    await consumer.stop();
  });

  it('hold nobody who makes a topic once that is given up', { timeout: 20_000 }, async () => {
    await using server = await SilentServer.start();
    const giveUp = new AbortController();
    const settings = { brokers: [`127.0.0.1:${server.port}`], tls: false };
    const making = ensureTopic(settings, 'images', 'A test', { until: giveUp.signal });
    await server.connected();
    giveUp.abort(new Error('It is given up.'));
    await assert.rejects(making, { message: 'It is given up.' });
  });
});
