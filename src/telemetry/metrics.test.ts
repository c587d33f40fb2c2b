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
