import { describe, it } from 'node:test';
import { SilentServer } from '../../../test/support/silent-server.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { ImageConsumer } from './image-consumer.ts';

describe('the consumer of the leaf system’s topics', () => {
  it('stops in seconds while brokers take connections and are silent', { timeout: 20_000 }, async () => {
    await using server = await SilentServer.start();
    const consumer = new ImageConsumer({
      kafka: { brokers: [`127.0.0.1:${server.port}`], tls: false },
      groupId: 'copies',
      copies: { write: async () => {} },
      logger: createLogger('silent'),
    });
    consumer.start();
    await server.connected();
    await consumer.stop();
  });
});
