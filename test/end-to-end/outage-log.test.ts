import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { launcher, start } from '../support/program.ts';
import { redisUrl } from '../support/queues/redis-queue.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { startValkey } from '../support/servers/valkey.ts';
import { embedded } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const what = 'the log of an outage';
const postgres = await realServer(what, () => PostgresServer.start());
const redis = await realServer(what, () => startValkey());
after(async () => {
  await redis?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});
const patienceMs = 30_000;

if (postgres !== undefined && redis !== undefined) {
  it('is a line when an engine goes away, and one when it is back', async () => {
    await using folder = await temporaryFolder();
    const env = {
      ...embedded(folder.path),
      DATABASE_URL: await postgres.createDatabase('outage'),
      JOB_QUEUE_URL: redisUrl(redis),
      SECRETS_KEY: 'ab'.repeat(32),
      LOG_LEVEL: 'info',
    };
    const service = start('node', [launcher, 'serve'], { env });
    const ended = once(service, 'exit');
    const lines: { level: number; msg: string; reason?: string }[] = [];
    createInterface({ input: service.stderr }).on('line', line => lines.push(JSON.parse(line)));
    const said = (text: string) => lines.some(({ msg }) => msg.startsWith(text));
    const [listens] = (await once(service.stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(String(listens))?.[0] ?? '';

    await Promise.all([postgres.end('SIGQUIT'), redis.end('SIGKILL')]);
    for (const engine of ['job store', 'job queue']) {
      await eventually(() => said(`the ${engine} is away`), `it says so of the ${engine}`, patienceMs);
    }
    const answer = await fetch(`${url}/jobs`);
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5']);
    const metrics = await fetch(`${url}/metrics`);
    assert.equal(metrics.status, 200);
    assert.match(await metrics.text(), /tintype_http_request_duration_seconds_count{.*status="503"} 1/);
    // Time for what a service does again and again.
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 503, 'it is not ready');
    await Promise.all([postgres.startAgain(), redis.startAgain()]);
    for (const engine of ['job store', 'job queue']) {
      await eventually(() => said(`the ${engine} is back`), `it says so of the ${engine}`, patienceMs);
    }
    service.kill('SIGTERM');
    await ended;
    const warnings = lines.filter(({ level }) => level > 30);
    assert.deepEqual(warnings.map(({ msg }) => msg).sort(), [
      'the job queue is away; workers look for jobs every 5 s',
      'the job store is away',
    ]);
    for (const { reason } of warnings) assert.match(reason ?? '', /^[^\n]+$/);
    assert.doesNotMatch(JSON.stringify(lines), /"stack"|writeable/);
  });
}
