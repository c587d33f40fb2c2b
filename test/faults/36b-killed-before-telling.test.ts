import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { eventually } from '../support/eventually.ts';
import { Service } from '../support/service.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;

const row = {
  row: '36b',
  fault: 'the service killed with SIGKILL between the ends of jobs and their webhooks',
  mustShow: 'every end is told, under one id and body each',
  inTests: { jobsAKill: 40, kills: 1 },
  full: { jobsAKill: 200, kills: 10 },
};

fault(row, async ({ jobsAKill, kills }, report, t) => {
  const env = { ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8', DELIVERY_SCHEDULE: '1s,1s,2s,4s,8s,16s' };
  const target = { service: await Service.start(env) };
  const { folder } = target.service;
  t.after(async () => {
    await target.service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  // As long as it is not well it never answers, so that there are tries under way, and others that were never made.
  let well = false;
  const told = new Set<string>();
  await using receiver = await startReceiver((response, { id }) => {
    if (!well) return;
    told.add(id);
    response.writeHead(204).end();
  });
  const secret = newSigningSecret();

  for (let kill = 1; kill <= kills; kill += 1) {
    const before = receiver.calls.length;
    await endJobs(target.service, jobsAKill, { url: receiver.url, secret });
    await receiver.received(before + 1, patienceMs);
    await target.service.end('SIGKILL');
    target.service = await Service.start(env, folder);
  }
  well = true;
  // Tries that are held since before are made again by the next service.
  await target.service.end('SIGKILL');
  target.service = await Service.start(env, folder);
  const jobs = jobsAKill * kills;
  await eventually(() => told.size === jobs, `all ${jobs} ends are told`, patienceMs);

  const bodies = new Map(receiver.calls.map(({ id, body }) => [id, body]));
  for (const call of receiver.calls) assert.equal(call.body, bodies.get(call.id), 'same id, same body');
  const ended = new Set(receiver.calls.map(call => verified(call, secret).data.id));
  assert.deepEqual([ended.size, bodies.size], [jobs, jobs], 'one delivery for each end');
  report('kills', kills + 1);
  report('ends', jobs);
  report('told', told.size);
});

/** Accepted and cancelled: ends whose answers were sent. */
async function endJobs({ url }: Service, count: number, webhook: object): Promise<void> {
  const source = { url: 'http://images.invalid/a.jpg' };
  const job = { source, notBefore: '2200-01-01T00:00:00Z', webhooks: [webhook] };
  for (let index = 0; index < count; index += 1) {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/jobs`, { method: 'POST', headers, body: JSON.stringify(job) });
    const { id } = (await answer.json()) as { id: string };
    const cancelled = await fetch(`${url}/jobs/${id}`, { method: 'DELETE' });
    assert.equal(cancelled.status, 200);
  }
}
