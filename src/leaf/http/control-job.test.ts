import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { Job } from '../jobs/job.ts';
import { JobLog } from '../jobs/job-log.ts';
import { JobStateFile } from '../jobs/job-state.ts';
import { LeafMetrics } from '../leaf-metrics.ts';
import { controlJob } from './control-job.ts';
import { leafServer } from './leaf-server.ts';

const page = { title: 'Camera', purpose: 'Takes photos of <leaves>.' };
const browser = { accept: 'text/html,*/*' };
const form = {
  ...browser,
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-site': 'same-origin',
};

suite('A job’s page', () => {
  test('shows what the job does, and has the buttons Start, Pause, Stop and Open Logs', async () => {
    await using setting = await newSetting();
    const answer = await setting.http.inject({ url: '/', headers: browser });
    assert.equal(answer.statusCode, 200);
    assert.match(answer.headers['content-type'] as string, /^text\/html/);
    assert.match(answer.body, /Takes photos of &#60;leaves&#62;\./);
    for (const label of ['Start', 'Pause', 'Stop', 'Open Logs'])
      assert.ok(answer.body.includes(`>${label}<`));
    assert.match(answer.body, /<td>take photos<\/td><td>100 s<\/td><td>in 100 s<\/td><td>not yet<\/td>/);
    assert.match(answer.body, /action="start"><button disabled>/);
  });

  test('pauses, stops and starts the job', async () => {
    await using setting = await newSetting();
    for (const [action, status] of [
      ['pause', 'paused'],
      ['start', 'running'],
      ['stop', 'stopped'],
    ] as const) {
      const pressed = await setting.http.inject({ method: 'POST', url: `/${action}`, headers: form });
      assert.equal(pressed.statusCode, 303);
      assert.equal(pressed.headers.location, './');
      assert.equal(setting.job.view().status, status);
      const { body } = await setting.http.inject({ url: '/', headers: browser });
      assert.match(body, new RegExp(`class="status ${status}"`));
    }
    const answer = await setting.http.inject({ method: 'POST', url: '/start' });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.json().status, 'running');
    assert.equal((await setting.http.inject({ method: 'POST', url: '/start' })).statusCode, 200);
  });

  test('shows its log, of which nothing is HTML', async () => {
    await using setting = await newSetting();
    setting.log.warn('the image API says <script>');
    const { body } = await setting.http.inject({ url: '/logs' });
    assert.match(body, /the image API says &#60;script&#62;/);
  });

  test('is not to be used by another site’s page', async () => {
    await using setting = await newSetting();
    const foreign = [
      { 'sec-fetch-site': 'cross-site' },
      { host: '127.0.0.1:5050', origin: 'http://evil.example.org' },
      { origin: 'null' },
    ];
    for (const headers of foreign) {
      const answer = await setting.http.inject({
        method: 'POST',
        url: '/stop',
        headers: { ...form, ...headers },
      });
      assert.equal(answer.statusCode, 403);
    }
    assert.equal(setting.job.view().status, 'running');
    assert.equal((await setting.http.inject({ url: '/stop' })).statusCode, 405);
  });
});

async function newSetting() {
  const folder = await temporaryFolder();
  const logger = createLogger('silent');
  const log = new JobLog(logger);
  const task = { name: 'take photos', everySeconds: 100, atStart: false, run: async () => {} };
  const job = new Job({ tasks: [task], file: new JobStateFile(folder.path, 'camera'), log });
  await job.open();
  const http = leafServer({
    readiness: async () => ({}),
    spareParts: [],
    metrics: new LeafMetrics(),
    logger,
  });
  controlJob(http, page, job, log);
  return {
    ...{ http, job, log },
    async [Symbol.asyncDispose]() {
      await http.close();
      await job.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
