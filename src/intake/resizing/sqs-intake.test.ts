import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import { FailingIntakeStore } from '../../../test/support/failing-intake-store.ts';
import { ResizeQueue } from '../../../test/support/queues/resize-queue.ts';
import { startSqsIntake } from '../../../test/support/queues/started-intake.ts';
import { elasticMqEnvironment, startElasticMq } from '../../../test/support/servers/elasticmq.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import type { RestartableServer } from '../../../test/support/servers/restartable-server.ts';
import { openTestSqlite } from '../../../test/support/sqlite-file.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { CountEvents } from '../event-count.ts';

/** After which a message comes again, in seconds. */
const visibility = 1;
const patienceMs = 30_000;

describe('the SQS intake', () => {
  let server: RestartableServer | undefined;
  before(async () => {
    server = await realServer('ElasticMQ', startElasticMq);
    if (server) Object.assign(process.env, elasticMqEnvironment(server));
  });
  after(() => server?.[Symbol.asyncDispose]());

  function test(name: string, run: () => Promise<void>): void {
    it(name, t => (server ? run() : t.skip('ElasticMQ could not be had')));
  }

  test('makes the jobs of each message once, and leaves none on the queue', async () => {
    using queue = await ResizeQueue.create('standard', visibility);
    await using database = await openTestSqlite();
    await queue.send(bodies(25));
    await using _intake = startSqsIntake(queue, database.store.intake);
    await eventually(async () => (await database.store.jobs.queued(100)) === 25, 'all are jobs', patienceMs);
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    assert.equal(await database.store.jobs.queued(100), 25);
  });

  test('gives up messages that are at fault, each with its reason, and takes the others', async () => {
    using queue = await ResizeQueue.create('fifo', visibility);
    await using database = await openTestSqlite();
    const broken = ['{"image_url": ', JSON.stringify({ image_url: 'https://a.example.org/1' }), '[]'];
    await queue.send([...bodies(2), ...broken, ...bodies(2)]);
    const counts = { taken: 0, known: 0, 'dead-letter': 0 };
    const count: CountEvents = (result, events) => {
      counts[result] += events;
    };
    await using _intake = startSqsIntake(queue, database.store.intake, { count });
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    assert.equal(await database.store.jobs.queued(100), 4);
    const dead = await queue.deadLetters();
    assert.deepEqual(
      dead.map(({ body }) => body),
      broken,
    );
    assert.deepEqual(counts, { taken: 4, known: 0, 'dead-letter': 3 });
    const reasons = [/no JSON/, /nobody to tell/, /no JSON object/];
    for (const [index, { reason }] of dead.entries()) assert.match(reason, reasons[index] ?? /^$/);
  });

  test('has exactly those again at which it failed', async () => {
    using queue = await ResizeQueue.create('standard', visibility);
    await using database = await openTestSqlite();
    const store = new FailingIntakeStore(database.store.intake, image => Number(image.slice(-1)) < 3, 1);
    await queue.send(bodies(10));
    await using _intake = startSqsIntake(queue, store);
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    assert.equal(await database.store.jobs.queued(100), 10);
    assert.equal(store.failures, 3);
    assert.deepEqual(await queue.deadLetters(), []);
  });

  test('gives up a message after five failures', async () => {
    using queue = await ResizeQueue.create('standard', visibility);
    await using database = await openTestSqlite();
    const store = new FailingIntakeStore(database.store.intake, image => image.endsWith('3'), 1_000);
    await queue.send(bodies(10));
    await using _intake = startSqsIntake(queue, store);
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    assert.equal(await database.store.jobs.queued(100), 9);
    assert.equal(store.failures, 5);
    const [dead, ...others] = await queue.deadLetters();
    assert.equal(others.length, 0);
    assert.match(dead?.reason ?? '', /5 times/);
  });

  test('keeps the order of a FIFO group where it fails at one of its messages', async () => {
    using queue = await ResizeQueue.create('fifo', visibility);
    await using database = await openTestSqlite();
    const store = new FailingIntakeStore(database.store.intake, image => image.endsWith('1'), 1);
    await queue.send(bodies(4), 'slow');
    await queue.send(bodies(1, 'other'), 'fast');
    await using _intake = startSqsIntake(queue, store);
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    const slow = store.accepted.filter(image => !image.includes('other'));
    assert.deepEqual(
      slow,
      [0, 1, 2, 3].map(index => imageUrl(index, 'image')),
    );
  });

  test('leaves messages where they are while the job store is away, however long', async () => {
    using queue = await ResizeQueue.create('standard', visibility);
    await using database = await openTestSqlite();
    const away = new TintypeError('storage-unavailable', 'The job store is away.');
    const store = new FailingIntakeStore(database.store.intake, () => true, 40, away);
    await queue.send(bodies(1));
    await using _intake = startSqsIntake(queue, store);
    await eventually(() => store.failures >= 7, 'it was tried often', patienceMs);
    store.heal();
    await eventually(async () => (await queue.backlog()) === 0, 'none is left', patienceMs);
    assert.equal(await database.store.jobs.queued(100), 1);
    assert.deepEqual(await queue.deadLetters(), []);
  });

  test('takes nothing while there is no room', async () => {
    using queue = await ResizeQueue.create('standard', visibility);
    await using database = await openTestSqlite();
    await queue.send(bodies(3));
    const { promise: room, resolve: makeRoom } = Promise.withResolvers<void>();
    let asked = 0;
    const opened = () => {
      asked += 1;
      return room;
    };
    await using _intake = startSqsIntake(queue, database.store.intake, { gate: { opened, took: () => {} } });
    await eventually(() => asked > 0, 'it asks for room');
    assert.equal(await database.store.jobs.queued(100), 0);
    makeRoom();
    await eventually(async () => (await database.store.jobs.queued(100)) === 3, 'all are jobs', patienceMs);
  });
});

function imageUrl(index: number, name: string): string {
  return `https://images.example.org/${name}${index}`;
}

function bodies(count: number, name = 'image'): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({ image_url: imageUrl(index, name), redirect_queue: 'answers' }),
  );
}
