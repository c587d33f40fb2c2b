import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { EventReader, type ServerSentEvent } from '../support/event-stream.ts';
import { submitJob } from '../support/http-requests.ts';
import { rawConnection, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Server-sent events', () => {
  const service = suiteService();

  const submit = async (): Promise<string> => (await submitJob(service)).id;

  const open = (path: string, lastEventId?: string) => EventReader.open(`${service.url}${path}`, lastEventId);
  const statuses = (events: ServerSentEvent[]) => events.map(({ data }) => data.status);

  test('tell how a job stands, then all that happens, and end with it', async () => {
    const id = await submit();
    await using reader = await open(`/jobs/${id}/events`);
    assert.equal(reader.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const present = await reader.next();
    assert.deepEqual([present?.event, present?.data.id, present?.data.status], ['status', id, 'pending']);
    assert.match(present?.id ?? '', /^\d+$/);
    const claim = await service.claim();
    assert.deepEqual(statuses(await reader.take(1)), ['processing']);
    await service.stores.attempts.renew([{ jobId: id, attempt: claim.attempt, progress: 0.5 }], 30_000);
    const progress = await reader.next();
    assert.deepEqual(progress, { event: 'progress', data: { id, progress: 0.5 } });
    await service.fail(claim, { code: 'corrupt-image', message: 'It is broken.' });
    const failed = await reader.next();
    assert.deepEqual([failed?.data.code, failed?.data.message], [422, 'It is broken.']);
    assert.equal(failed?.data.status, 'failed');
    assert.equal(await reader.next(), undefined);
  });

  test('of a job that has ended tell that and end', async () => {
    const id = await submit();
    await fetch(`${service.url}/jobs/${id}`, { method: 'DELETE' });
    await using reader = await open(`/jobs/${id}/events`);
    const [last, ...more] = await reader.take(5);
    assert.equal(last?.data.status, 'cancelled');
    assert.deepEqual(more, []);
    await using again = await open(`/jobs/${id}/events`, last?.id);
    assert.equal(again.response.status, 204);
  });

  test('resume after the last one that was received, each exactly once', async () => {
    const ids = new Map<string, string>();
    await using all = await open('/events');
    const first = await submit();
    const [begin] = await all.take(1);
    assert.equal(begin?.data.id, first);
    await service.complete(await service.claim());
    const rest = await all.take(2);
    for (const { id, data } of [begin, ...rest] as ServerSentEvent[]) ids.set(id ?? '', data.status);
    assert.deepEqual([...ids.values()], ['pending', 'processing', 'complete']);

    await using resumed = await open('/events', begin?.id);
    assert.deepEqual(await resumed.take(2), rest);
    await using job = await open(`/jobs/${first}/events`, begin?.id);
    assert.deepEqual(await job.take(9), rest);
  });

  test('reach clients that come while much happens, without a gap and without a double', async () => {
    await using witness = await open('/events');
    const start = await service.stores.events.newest();
    const readers: EventReader[] = [];
    const submitting = (async () => {
      for (let count = 0; count < 300; count++) await submit();
    })();
    for (let count = 0; count < 20; count++) {
      readers.push(await open('/events', String(start)));
    }
    await submitting;
    const expected = (await witness.take(300)).map(({ id }) => id);
    assert.equal(new Set(expected).size, 300);
    for (const reader of readers) {
      assert.deepEqual(
        (await reader.take(300)).map(({ id }) => id),
        expected,
      );
      await reader[Symbol.asyncDispose]();
    }
  });

  test('do not tell of another job', async () => {
    const id = await submit();
    await using reader = await open(`/jobs/${id}/events`);
    await using all = await open('/events');
    await reader.take(1);
    const other = await submit();
    await fetch(`${service.url}/jobs/${id}`, { method: 'DELETE' });
    assert.deepEqual(
      (await all.take(2)).map(({ data }) => data.id),
      [other, id],
    );
    const events = await reader.take(9);
    assert.deepEqual(
      events.map(({ data }) => data.id),
      [id],
    );
  });

  test('go on from the newest where the client knows more than the log', async () => {
    await using reader = await open('/events', '999999999');
    const id = await submit();
    assert.equal((await reader.next())?.data.id, id);
  });

  test('refuse a Last-Event-ID that is none', async () => {
    for (const path of ['/events', `/jobs/${await submit()}/events`]) {
      const answer = await fetch(`${service.url}${path}`, { headers: { 'last-event-id': 'x' } });
      assert.equal(answer.status, 400);
      assert.equal(((await answer.json()) as { pointer: string }).pointer, '/headers/last-event-id');
    }
  });

  test('cut off a client that does not read, and go on for the others', async t => {
    const crowded = await startHttpService();
    t.after(() => crowded.stop());
    const deaf = await rawConnection(crowded);
    t.after(() => deaf.destroy());
    deaf.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(deaf, 'readable');
    await using reader = await EventReader.open(`${crowded.url}/events`);
    const message = 'x'.repeat(2 ** 18);
    /** More than the buffers of both ends take. */
    const events = 60;
    for (let count = 0; count < events; count++) {
      await crowded.stores.jobs.submit({
        id: `01900000-0000-7000-8000-${String(count).padStart(12, '0')}`,
        owner: 'local',
        priority: 'normal',
        source: { url: 'http://images.invalid/', filename: 'a' },
        outputs: [{ name: 'thumb', filename: 'thumb_a', options: {} }],
      });
      await crowded.fail(await crowded.claim(), { code: 'corrupt-image', message });
      // In step, because several such messages in one go are too much for a client that does read.
      assert.equal((await reader.take(3)).length, 3);
    }
    // What the system's buffers hold can still be read, then the connection is cut.
    let bytes = 0;
    deaf.on('data', chunk => {
      bytes += chunk.length;
    });
    await once(deaf, 'close');
    assert.ok(bytes < events * message.length, `${bytes} bytes`);
  });

  test('end when the server closes', async () => {
    const closing = await startHttpService();
    await using reader = await EventReader.open(`${closing.url}/events`);
    await closing.stop();
    assert.equal(await reader.next(), undefined);
  });

  test('do not keep a closing server waiting for connections that never asked for anything', async () => {
    const closing = await startHttpService();
    const silent = await rawConnection(closing);
    const closed = once(silent.resume(), 'close');
    await closing.stop();
    await closed;
  });
});
