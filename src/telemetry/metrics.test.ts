import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('docs/metrics.md lists every metric of our own with its type', async () => {
  const metrics = new Metrics();
  metrics.gaugeBacklog(async () => ({ pending: 0, processing: 0 }));
  metrics.gaugeDeliveries(async () => ({ pending: 0 }));
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(tintype_\w+)` \| (\w+) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const text = await metrics.registry.metrics();
  const real = [...text.matchAll(/^# TYPE (tintype_\w+) (\w+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  assert.deepEqual(documented.sort(), real.sort());
});

test('what the job store tells is of this scrape, and left out while it does not answer', async () => {
  const metrics = new Metrics();
  let answers = true;
  let oldest = Date.now() - 60_000;
  const read = async () => {
    if (!answers) throw new Error('The job store is away.');
    return { pending: 3, processing: 1, oldest };
  };
  metrics.gaugeBacklog(read);
  metrics.gaugeDeliveries(read);
  const age = async () =>
    Number(/^tintype_delivery_oldest_pending_seconds (.*)$/m.exec(await metrics.registry.metrics())?.[1]);
  assert.ok((await age()) >= 60);
  oldest -= 60_000;
  assert.ok((await age()) >= 120);

  answers = false;
  const text = await metrics.registry.metrics();
  assert.doesNotMatch(text, /^tintype_(jobs|deliver.*pending.*)[ {]/m);
  assert.match(text, /^process_cpu_seconds_total \d/m);
});
