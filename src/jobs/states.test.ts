import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { transitions } from './states.ts';

test('docs/job-states.md draws exactly the transitions there are', async () => {
  const page = await readFile(new URL('../../docs/job-states.md', import.meta.url), 'utf8');
  const drawn = [...page.matchAll(/^ +([a-z]+) --> ([a-z]+): ([a-z]+)$/gm)].map(
    ([, from, to, event]) => `${from} ${event} ${to}`,
  );
  const real = Object.entries(transitions).flatMap(([from, ways]) =>
    Object.entries(ways).map(([event, to]) => `${from} ${event} ${to}`),
  );
  assert.deepEqual(drawn.sort(), real.sort());
});
