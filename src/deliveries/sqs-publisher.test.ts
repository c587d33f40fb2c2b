import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSqsQueue } from '../../test/support/queues/sqs-queue.ts';
import { elasticMqEnvironment, startElasticMq } from '../../test/support/servers/elasticmq.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import { SqsPublisher } from './sqs-publisher.ts';

const server = await realServer('deliveries to SQS', startElasticMq);
const { signal } = new AbortController();

function message(target: string, text: string, changes: { id?: string; key?: string } = {}) {
  return { target, id: randomUUID(), key: 'k', bytes: Buffer.from(text), ...changes };
}

async function received(queueUrl: string): Promise<{ text: string; group: string | undefined }[]> {
  const client = new SQSClient();
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['MessageGroupId'],
  });
  const { Messages = [] } = await client.send(command);
  client.destroy();
  return Messages.map(({ Body = '', Attributes }) => ({ text: Body, group: Attributes?.MessageGroupId }));
}

if (server !== undefined) {
  describe('deliveries to SQS', () => {
    Object.assign(process.env, elasticMqEnvironment(server));
    const client = new SQSClient();
    // The queues' URLs stand for their names here.
    const urlOf = async (name: string) => (URL.canParse(name) ? name : undefined);
    const publisher = new SqsPublisher(client, { urlOf });
    after(async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
    });

    it('sends to the queue that is named', async () => {
      const [one, other] = [await createSqsQueue('standard'), await createSqsQueue('standard')];
      await publisher.publish(message(one, '{"a":"ü\u2028"}'), signal);
      assert.deepEqual(await received(one), [{ text: '{"a":"ü\u2028"}', group: undefined }]);
      assert.deepEqual(await received(other), []);
    });

    it('gives FIFO queues a group, and the same message once', async () => {
      const queue = await createSqsQueue('fifo');
      const id = randomUUID();
      for (const _ of ['once', 'again']) await publisher.publish(message(queue, 'first', { id }), signal);
      await publisher.publish(message(queue, 'second'), signal);
      await publisher.publish(message(queue, 'other', { key: 'ü'.repeat(200) }), signal);
      const messages = await received(queue);
      assert.deepEqual(
        messages.filter(({ group }) => group === 'k').map(({ text }) => text),
        ['first', 'second'],
      );
      const [other] = messages.filter(({ group }) => group !== 'k');
      assert.match(other?.group ?? '', /^[0-9a-f]{64}$/);
    });

    it('refuses a queue that there is not, and one that is no more', async () => {
      const none = `http://127.0.0.1:${server.port}/000000000000/none`;
      await assert.rejects(publisher.publish(message(none, 'x'), signal), { code: 'invalid-request' });
      await assert.rejects(publisher.publish(message('answers', 'x'), signal), { code: 'invalid-request' });
    });

    it('says that SQS is away, and goes on when it is back', async () => {
      const queue = await createSqsQueue('standard');
      await server.end('SIGKILL');
      await assert.rejects(publisher.publish(message(queue, 'x'), signal), { code: 'storage-unavailable' });
      await server.startAgain();
      await publisher.publish(message(queue, 'back'), signal);
      // What the queue was purged of may be there again.
      const texts = (await received(queue)).map(({ text }) => text);
      assert.deepEqual(
        texts.filter(text => text !== 'first'),
        ['back'],
      );
    });
  });
}
