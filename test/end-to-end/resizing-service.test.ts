import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type CountingServer, startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { tintype } from '../support/program.ts';
import { ResizeQueue } from '../support/queues/resize-queue.ts';
import { elasticMqEnvironment, startElasticMq } from '../support/servers/elasticmq.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import { Service } from '../support/service.ts';
import { found } from '../support/stored-jobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';

const patienceMs = 60_000;
const postbackSecret = 'a secret that both sides know';

describe('the SQS resizing service', () => {
  let server: RestartableServer | undefined;
  let images: CountingServer | undefined;
  before(async () => {
    server = await realServer('ElasticMQ', startElasticMq);
    if (server) Object.assign(process.env, elasticMqEnvironment(server));
    images = await startImages();
  });
  after(async () => {
    await images?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const services = async (kind: 'standard' | 'fifo') => {
    const queue = await ResizeQueue.create(kind, 5);
    const folder = await temporaryFolder();
    const env = {
      ...(server && elasticMqEnvironment(server)),
      QUEUE_URL: queue.url,
      IMAGES_BUCKET: 'pictures',
      POSTBACK_SECRET_KEY: postbackSecret,
      ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
      DELIVERY_SCHEDULE: '0.1s,0.5s,1s,2s,5s',
    };
    return { queue, folder, env, start: () => Service.start(env, folder.path) };
  };

  it('answers a message by postback and to a queue, with both images and every field', async t => {
    if (!server || !images) return t.skip('ElasticMQ could not be had');
    const { queue, folder, env, start } = await services('fifo');
    await using _folder = folder;
    using answers = await ResizeQueue.create('fifo', 5);
    await using receiver = await startReceiver();
    await using service = await start();
    const file = path.join(folder.path, 'message.json');
    const message =
      `{"image_url":"${images.url}/photo.jpg","itunes_image":"${images.url}/none.jpg","bucket_name":"shows",` +
      `"redirect_queue":"${answers.url.split('/').at(-1)}","postback_url":"${receiver.url}/told","id":12345678901234567890}`;
    await writeFile(file, message);
    const sent = await tintype(['sqs', 'send', file], { env });
    assert.equal(sent.code, 0, sent.stderr);

    const [call] = await receiver.received(1, patienceMs);
    const told = JSON.parse(call?.body ?? '');
    assert.equal(told.postback_secret_key, postbackSecret);
    assert.match(call?.body ?? '', /"id":12345678901234567890/);
    assert.equal(told.itunes_image_info.error.code, 'source-not-found');
    for (const [size, side] of [
      ['50x50', 50],
      ['250X250', 250],
      ['800x800', 800],
    ] as const) {
      const { url, bucket_path: bucketPath } = told.image_url_info[size];
      assert.equal(bucketPath, 'images-resized/shows/');
      assert.match(url, new RegExp(`/pictures/images-resized/shows/[0-9a-f]{32}_${size}\\.jpeg$`));
      const { width, height, format } = await sharp(await readFile(fileURLToPath(url))).metadata();
      assert.deepEqual([width, height, format], [side, side, 'jpeg']);
    }
    const key = Buffer.from(postbackSecret).toString('base64');
    verified(found(call), `whsec_${key}`);

    const [answer] = await answers.take(1);
    const { postback_secret_key: _, ...withoutSecret } = told;
    assert.deepEqual(JSON.parse(answer ?? ''), withoutSecret);
    assert.equal(await queue.backlog(), 0);
    await service.end('SIGTERM');
    const database = await readFile(path.join(folder.path, 'tintype.db'));
    assert.ok(!database.includes(postbackSecret));
  });

  it('tells in its deliveries of a queue that is not there', async t => {
    if (!server || !images) return t.skip('ElasticMQ could not be had');
    const { queue, folder, start } = await services('standard');
    await using _folder = folder;
    await using service = await start();
    await queue.send([JSON.stringify({ image_url: `${images.url}/photo.jpg`, redirect_queue: 'nowhere' })]);
    const failed = await eventually(
      async () => {
        const { deliveries } = (await (await fetch(`${service.url}/deliveries?status=failed`)).json()) as {
          deliveries: { id: string; tries: { error: string }[] }[];
        };
        return deliveries[0];
      },
      'the delivery is given up',
      patienceMs,
    );
    assert.match(failed.tries[0]?.error ?? '', /no queue ‘nowhere’/);
  });

  it('gets through to a receiver that was away for a while', async t => {
    if (!server || !images) return t.skip('ElasticMQ could not be had');
    const { queue, folder, start } = await services('standard');
    await using _folder = folder;
    await using receiver = await startReceiver((response, _call, calls) =>
      response.writeHead(calls < 4 ? 503 : 204).end(),
    );
    await using _service = await start();
    await queue.send([JSON.stringify({ image_url: `${images.url}/photo.jpg`, postback_url: receiver.url })]);
    const calls = await receiver.received(4, patienceMs);
    assert.equal(new Set(calls.map(({ id }) => id)).size, 1);
    assert.equal(new Set(calls.map(({ body }) => createHash('sha256').update(body).digest('hex'))).size, 1);
  });

  it('says that SQS is away, is ready all the same, and goes on when it is back', async t => {
    if (!server) return t.skip('ElasticMQ could not be had');
    const { folder, start } = await services('standard');
    await using _folder = folder;
    await using service = await start();
    const health = async () => {
      const answer = await fetch(`${service.url}/health/ready`);
      const { status, parts } = (await answer.json()) as { status: string; parts: { sqsIntake: string } };
      return { code: answer.status, status, fault: parts.sqsIntake };
    };
    assert.deepEqual(await health(), { code: 200, status: 'ok', fault: null });
    await server.end('SIGKILL');
    await eventually(async () => (await health()).status === 'degraded', 'it says so', patienceMs);
    const { code, fault } = await health();
    assert.equal(code, 200);
    assert.match(fault, /ECONNREFUSED/);
    await server.startAgain();
    await eventually(async () => (await health()).status === 'ok', 'it is back', patienceMs);
  });
});

async function startImages(): Promise<CountingServer> {
  const bytes = await photo(900, 700).jpeg().toBuffer();
  return startHttp((request, response) => {
    if (request.url !== '/photo.jpg') response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes);
  });
}
