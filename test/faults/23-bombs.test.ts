import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { bombs } from '../support/bombs.ts';
import { startHttp } from '../support/counting-server.ts';
import { FetchingService } from '../support/fetching-service.ts';
import { inLanes } from '../support/lanes.ts';
import { photo } from '../support/photo.ts';
import { ProcessMemory } from '../support/process-memory.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const mebibyte = 2 ** 20;
/** As many as are fetched at once by default on one core. */
const atOnce = 3;
const longestMs = 30_000;
const mostBytes = 64 * mebibyte;

const row = {
  row: '23',
  fault: 'sources that are bombs: compressed, encoded twice, without end, with a false Content-Length',
  mustShow: 'stopped in 30 s, at most 64 MiB more memory',
  inTests: { rounds: 1 },
  full: { rounds: 10 },
};

fault(row, async ({ rounds }, report) => {
  await using folder = await temporaryFolder();
  const answers = bombs();
  const image = await photo(600, 400).jpeg().toBuffer();
  await using server = await startHttp((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer) answer(request, response);
    else response.end(image);
  });
  // A server that stops in the middle is given up after this time, by default 120 s.
  const env = { JOB_TIMEOUT_SECONDS: '5' };
  await using fetching = await FetchingService.start('127.0.0.1/32', folder.path, env);
  const { service } = fetching;
  for (let warming = 0; warming < 5; warming++) await fetching.fetch(`${server.url}/image`);

  using memory = await ProcessMemory.watch(service.process.pid ?? 0);
  let longest = 0;
  for (let round = 0; round < rounds; round++) {
    await inLanes(atOnce, Object.keys(answers), async path => {
      const started = performance.now();
      const { status, code, message } = await fetching.fetch(server.url + path);
      const ms = performance.now() - started;
      assert.ok(ms < longestMs, `${path}: ${message} after ${ms} ms`);
      longest = Math.max(longest, ms);
      assert.deepEqual([status, code >= 400 && code < 500], ['failed', true], `${path}: ${code} ${message}`);
    });
  }
  const grown = await memory.grown();
  assert.equal((await fetching.fetch(`${server.url}/image`)).status, 'complete');
  assert.deepEqual(await readdir(`${service.folder}/objects/.scratch`), []);
  report('bombs', Object.keys(answers).length * rounds);
  report('longest until stopped, ms', Math.round(longest));
  report('more memory at most, MiB', Math.round(grown / mebibyte));
  assert.ok(grown <= mostBytes, `${grown} bytes more memory`);
});
