import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { QueueQuota } from '../../src/jobs/queue-quota.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { newCaller, startServiceWithKeys } from '../support/callers.ts';
import { eventually } from '../support/eventually.ts';
import { ask, leavesNothing, postJob, submitJob } from '../support/http-requests.ts';
import { form, pngOf, rawConnection, startHttpService } from '../support/http-service.ts';

const startFullService = (jobsPerOwner: number) =>
  startHttpService(({ jobs }) => ({ quota: new QueueQuota(jobs, { jobs: 1_000, jobsPerOwner }) }));

suite('A full queue', () => {
  test('answers 429 with Retry-After to forms and JSON, and leaves nothing of them', async t => {
    const service = await startFullService(2);
    t.after(() => service.stop());
    await submitJob(service);
    assert.equal((await postJob(service, form(['image', pngOf(2_000), 'a.png']))).status, 202);
    await leavesNothing(service, async () => {
      for (const body of [
        form(['image', pngOf(900_000), 'a.png']),
        { source: { url: 'http://images.invalid/' } },
      ]) {
        const { status, headers, body: problem } = await postJob(service, body);
        assert.deepEqual([status, problem.code], [429, 'queue-full']);
        assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      }
    });
    assert.equal((await ask(service, 'GET', '/jobs')).json().jobs.length, 2);
    await service.claim();
    const room = () => postJob(service, { source: { url: 'http://images.invalid/' } });
    await eventually(async () => (await room()).status === 202, 'there is room again', 2_000);
  });

  test('answers before the body of an upload has come', async t => {
    const service = await startFullService(1);
    await submitJob(service);
    const socket = await rawConnection(service);
    t.after(() => {
      socket.destroy();
      return service.stop();
    });
    socket.write(
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n',
    );
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 429 .*retry-after: \d/is);
  });

  test('keeps nobody from running a job again', async t => {
    const service = await startFullService(1);
    t.after(() => service.stop());
    const { id } = await submitJob(service);
    await service.fail(await service.claim(), { code: 'internal', message: 'It broke.' });
    await eventually(
      async () => (await postJob(service, { source: { url: 'http://a.invalid/' } })).status === 202,
      'the queue is full',
      2_000,
    );
    assert.equal((await ask(service, 'POST', `/jobs/${id}/retry`)).status, 202);
  });
});

test('Too many submissions at once are answered 503 with Retry-After, and the ones under way go on', async t => {
  const logger = createLogger('warn');
  const warned: unknown[] = [];
  logger.warn = ((...line: unknown[]) => warned.push(line)) as never;
  logger.error = ((line: unknown) => assert.fail(`an expected refusal is no fault: ${line}`)) as never;
  const service = await startHttpService({ logger });
  const image = pngOf(40_000);
  const body = Buffer.concat([
    Buffer.from('--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
    image,
    Buffer.from('\r\n--x--\r\n'),
  ]);
  const head = `POST /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${body.length}\r\n\r\n`;
  const uploads = await Promise.all(Array.from({ length: 1_500 }, () => rawConnection(service)));
  t.after(() => {
    for (const socket of uploads) socket.destroy();
    return service.stop();
  });
  for (const socket of uploads) socket.write(head);
  const refused = await eventually(
    async () => {
      const answer = await postJob(service, { source: { url: 'http://images.invalid/' } });
      return answer.status !== 202 && answer;
    },
    'all uploads have begun',
    60_000,
  );
  assert.deepEqual([refused.status, refused.body.code], [503, 'overloaded']);
  assert.deepEqual(warned, [[{ code: 'overloaded' }, refused.body.detail]]);
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.equal((await ask(service, 'GET', '/jobs')).status, 200);
  const [first] = uploads;
  assert.ok(first);
  first.write(body);
  assert.match(String((await once(first, 'data'))[0]), /^HTTP\/1\.1 202 /);
});

test('One owner has at most a quarter of the submissions at once, and leaves room for others', async t => {
  const service = await startServiceWithKeys();
  const [greedy, other] = [await newCaller(service, 'ann'), await newCaller(service, 'bob')];
  const uploads = await Promise.all(Array.from({ length: 380 }, () => rawConnection(service)));
  t.after(() => {
    for (const socket of uploads) socket.destroy();
    return service.stop();
  });
  const head =
    `POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${greedy.headers.authorization}\r\n` +
    'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n';
  for (const socket of uploads) socket.on('error', () => {}).write(head);
  const source = { source: { url: 'http://images.invalid/' } };
  const refused = await eventually(async () => {
    const answer = await postJob(service, source, greedy.headers);
    return answer.status !== 202 && answer;
  }, 'all its uploads have begun');
  assert.deepEqual([refused.status, refused.body.code], [429, 'rate-limited']);
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.equal((await postJob(service, source, other.headers)).status, 202);
  for (const socket of uploads) socket.destroy();
  const room = async () => (await postJob(service, source, greedy.headers)).status === 202;
  await eventually(room, 'what is cut makes room');
});
