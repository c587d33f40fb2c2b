import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { jobQueueEngines } from '../support/job-queue-engines.ts';
import { photo } from '../support/photo.ts';
import { realServer } from '../support/servers/real-server.ts';
import { Service } from '../support/service.ts';

const image = await photo(600, 400).jpeg().toBuffer();
const patienceMs = 60_000;

/** A service with its job queue there makes thumbnails; also while that is away, of which it tells. */
for (const { name, start, environment } of jobQueueEngines) {
  test(`a service with its job queue on ${name}`, async t => {
    const server = await realServer(`a service with its job queue on ${name}`, start);
    if (server === undefined) return;
    t.after(() => server[Symbol.asyncDispose]());
    await using service = await Service.start({ ...(await environment(server)), LOG_LEVEL: 'error' });
    for (let job = 0; job < 5; job += 1) await complete(service, await submit(service));
    assert.deepEqual(await readiness(service), { code: 200, status: 'ok', jobQueue: null });

    await server.end('SIGKILL');
    const id = await submit(service);
    await complete(service, id);
    await eventually(async () => (await readiness(service)).status !== 'ok', 'it says so', patienceMs);
    const { code, status, jobQueue } = await readiness(service);
    assert.deepEqual([code, status], [200, 'degraded']);
    assert.match(jobQueue ?? '', new RegExp(`${name} does not answer`));

    await server.startAgain();
    await eventually(async () => (await readiness(service)).status === 'ok', 'it is back', patienceMs);
    await complete(service, await submit(service));
  });
}

async function submit(service: Service): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(image)]), 'photo.jpg');
  const answer = await fetch(`${service.url}/jobs`, { method: 'POST', body: form });
  assert.equal(answer.status, 202);
  return ((await answer.json()) as { id: string }).id;
}

async function complete(service: Service, id: string): Promise<void> {
  const isComplete = async () => {
    const job = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as { status: string };
    return job.status === 'complete';
  };
  await eventually(isComplete, 'the job is complete', patienceMs);
}

async function readiness(service: Service) {
  const answer = await fetch(`${service.url}/health/ready`);
  const { status, parts } = (await answer.json()) as {
    status: string;
    parts: { jobQueue: string | null };
  };
  return { code: answer.status, status, jobQueue: parts.jobQueue };
}
