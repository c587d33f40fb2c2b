import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { found } from '../support/stored-jobs.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';

const env = { ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8', PUBLIC_URL: 'https://images.example.org' };

test('an endpoint is told of a finished image, by the next service too, and its secret lies nowhere', async t => {
  await using receiver = await startReceiver();
  let service = await Service.start(env);
  const { folder } = service;
  t.after(async () => {
    await service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const made = await fetch(`${service.url}/webhook-endpoints`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, events: ['job.complete'] }),
  });
  const { secret } = (await made.json()) as { secret: string };

  const first = await submit(service);
  const [call] = await receiver.received(1, 60_000);
  const { type, data } = verified(found(call), secret);
  assert.deepEqual([type, data.id, data.status], ['job.complete', first, 'complete']);
  assert.equal(data.location, `https://images.example.org/jobs/${first}/outputs/thumb`);

  await service.end('SIGTERM');
  service = await Service.start(env, folder);
  const second = await submit(service);
  const [, later] = await receiver.received(2, 60_000);
  assert.equal(verified(found(later), secret).data.id, second);

  const delivered = /tintype_delivery_try_duration_seconds_count\{kind="webhook",result="delivered"\} 1/;
  const metrics = await eventually(async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return delivered.test(text) && text;
  }, 'the delivery is counted');
  assert.match(metrics, /tintype_deliveries_pending \d/);
  assert.equal((await stat(path.join(folder, 'secrets.key'))).mode & 0o777, 0o600);
  await service.end('SIGTERM');
  const database = await readFile(path.join(folder, 'tintype.db'));
  for (const text of [secret, secret.slice(6)]) assert.ok(!database.includes(text));
});

async function submit({ url }: Service): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(await photo(600, 400).jpeg().toBuffer())]), 'photo.jpg');
  const answer = await fetch(`${url}/jobs`, { method: 'POST', body: form });
  assert.equal(answer.status, 202);
  return ((await answer.json()) as { id: string }).id;
}
