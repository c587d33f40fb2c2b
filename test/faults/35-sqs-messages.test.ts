import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CountingServer, startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { FailingIntakeStore } from '../support/failing-intake-store.ts';
import { photo } from '../support/photo.ts';
import { ResizeQueue } from '../support/queues/resize-queue.ts';
import { startSqsIntake } from '../support/queues/started-intake.ts';
import { elasticMqEnvironment, startElasticMq } from '../support/servers/elasticmq.ts';
import { realServer } from '../support/servers/real-server.ts';
import { Service } from '../support/service.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { fault, isFullSize, type Report } from './fault.ts';

const patienceMs = 600_000;
/** After which SQS hands a message out again, in seconds. */
const visibility = 2;
/** What is left of the others' rate beside a group that waits. Asked for at full size alone, which lasts long enough. */
const leastShare = 0.95;

const row = {
  row: '35',
  fault:
    'SQS jobs of three visibility time-outs; 3 failures in a batch of 10; a poison message; a FIFO group that waits',
  mustShow:
    '0 double; exactly 3 come back; poison in the dead letters after 5; one blocked FIFO group leaves the others at 95 %',
  inTests: { slow: 4, others: 20 },
  full: { slow: 20, others: 400 },
};

fault(row, async ({ slow, others }, report, t) => {
  await using server = await realServer('ElasticMQ', startElasticMq);
  if (!server) return t.skip('ElasticMQ could not be had');
  const environment = elasticMqEnvironment(server);
  Object.assign(process.env, environment);
  await failures(report);
  await poison(report);
  await using images = await Images.start();
  await using receiver = await startReceiver();
  await slowJobs({ environment, images, receiver, report }, slow);
  await blockedGroup({ environment, images, receiver, report, t }, others);
});

async function failures(report: Report): Promise<void> {
  using queue = await ResizeQueue.create('standard', visibility);
  await using database = await openTestSqlite();
  const store = new FailingIntakeStore(database.store.intake, image => Number(image.slice(-1)) < 3, 1);
  await queue.send(Array.from({ length: 10 }, (_, index) => message(`https://images.example.org/${index}`)));
  await using _intake = startSqsIntake(queue, store);
  await eventually(async () => (await queue.backlog()) === 0, 'the queue is empty', patienceMs);
  assert.equal(store.failures, 3);
  assert.equal(await database.store.jobs.queued(100), 10);
  report('of 10, came back', store.failures);
}

async function poison(report: Report): Promise<void> {
  using queue = await ResizeQueue.create('standard', visibility);
  await using database = await openTestSqlite();
  const store = new FailingIntakeStore(database.store.intake, image => image.endsWith('3'), 1_000);
  await queue.send(Array.from({ length: 10 }, (_, index) => message(`https://images.example.org/${index}`)));
  await using _intake = startSqsIntake(queue, store);
  await eventually(async () => (await queue.backlog()) === 0, 'the queue is empty', patienceMs);
  assert.equal((await queue.deadLetters()).length, 1);
  assert.equal(store.failures, 5);
  assert.equal(await database.store.jobs.queued(100), 9);
  report('tries of the poison message', store.failures);
}

interface Setting {
  readonly environment: Readonly<Record<string, string>>;
  readonly images: Images;
  readonly receiver: WebhookReceiver;
  readonly report: Report;
}

/** Images that take three visibility time-outs to come. */
async function slowJobs({ environment, images, receiver, report }: Setting, count: number): Promise<void> {
  using queue = await ResizeQueue.create('standard', visibility);
  await using _service = await startService(environment, queue);
  const before = receiver.calls.length;
  const urls = Array.from({ length: count }, (_, index) => images.slow(index, 3 * visibility * 1_000));
  await queue.send(urls.map(url => message(url, receiver.url)));
  await receiver.received(before + count, patienceMs);
  await eventually(async () => (await queue.backlog()) === 0, 'the queue is empty', patienceMs);
  assert.equal(receiver.calls.length, before + count, 'nobody is told twice');
  assert.equal(images.asked, count, 'no image is fetched twice');
  report('slow jobs', count);
  report('made or told twice', receiver.calls.length - before - count);
}

/** The others' rate while one group waits for an image that does not come, beside their rate alone. */
async function blockedGroup(
  { environment, images, receiver, report, t }: Setting & { t: TestContext },
  count: number,
): Promise<void> {
  using queue = await ResizeQueue.create('fifo', visibility);
  await using _service = await startService(environment, queue);
  const rate = async () => {
    const before = receiver.calls.length;
    for (let group = 0; group < 20; group++) {
      const bodies = Array.from({ length: count / 20 }, () => message(images.photo, receiver.url));
      await queue.send(bodies, `group${group}`);
    }
    const start = performance.now();
    await receiver.received(before + count, patienceMs);
    return count / (performance.now() - start);
  };
  await rate();
  const alone = await rate();
  await queue.send([message(images.blocked, receiver.url), message(images.photo, receiver.url)], 'blocked');
  await eventually(() => images.isBlocking, 'the image is asked for', patienceMs);
  const beside = await rate();
  const told = receiver.calls.length;
  images.unblock();
  await receiver.received(told + 2, patienceMs);
  const order = receiver.calls.slice(told).map(({ body }) => JSON.parse(body).image_url);
  assert.deepEqual(order, [images.blocked, images.photo], 'the group is answered in its order');
  report('the others beside a blocked group, % of alone', Math.round((100 * beside) / alone));
  if (isFullSize) assert.ok(beside / alone >= leastShare, 'a blocked group does not hold the others');
  else t.diagnostic(`${beside / alone} of the rate`);
}

function startService(environment: Readonly<Record<string, string>>, queue: ResizeQueue): Promise<Service> {
  return Service.start({
    ...environment,
    QUEUE_URL: queue.url,
    IMAGES_BUCKET: 'pictures',
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
  });
}

function message(url: string, postback?: string): string {
  return JSON.stringify({
    image_url: url,
    ...(postback ? { postback_url: postback } : { redirect_queue: 'q' }),
  });
}

/** A server whose images come at once, after a while, or when they are let. */
class Images implements AsyncDisposable {
  /** Requests for slow images. */
  asked = 0;
  isBlocking = false;
  readonly #server: CountingServer;
  readonly #blocked: PromiseWithResolvers<void>;

  private constructor(server: CountingServer, blocked: PromiseWithResolvers<void>) {
    this.#server = server;
    this.#blocked = blocked;
  }

  static async start(): Promise<Images> {
    const bytes = await photo(640, 480).jpeg().toBuffer();
    const blocked = Promise.withResolvers<void>();
    const server = await startHttp(async (request, response) => {
      const [, kind, wait] = request.url?.split('/') ?? [];
      if (kind === 'slow') {
        images.asked += 1;
        await new Promise(resolve => setTimeout(resolve, Number(wait)));
      }
      if (kind === 'blocked') {
        images.isBlocking = true;
        await blocked.promise;
      }
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes);
    });
    const images: Images = new Images(server, blocked);
    return images;
  }

  get photo(): string {
    return `${this.#server.url}/photo`;
  }

  get blocked(): string {
    return `${this.#server.url}/blocked`;
  }

  slow(index: number, ms: number): string {
    return `${this.#server.url}/slow/${ms}/${index}`;
  }

  unblock(): void {
    this.#blocked.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
