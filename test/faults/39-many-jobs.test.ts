import assert from 'node:assert/strict';
import { BalancedClient } from '../support/balanced-client.ts';
import { photo } from '../support/photo.ts';
import { RendererMemory } from '../support/renderer-memory.ts';
import { SentJobs } from '../support/sent-jobs.ts';
import { Service } from '../support/service.ts';
import { allEnd, openDescriptors, residentMemory } from '../support/service-facts.ts';
import { fault, isFullSize } from './fault.ts';

/** For a hundred of them, on a slow machine. */
const patienceMs = 120_000;
/** Of the jobs: until then caches fill and the heap finds its size. */
const warmUp = 0.25;
/** In a short round there is little but warming up. */
const mostGrowth = isFullSize ? 0.05 : 1;
/** Connections of clients and of renderers come and go. */
const mostDescriptors = 5;

const row = {
  row: '39',
  fault: 'very many jobs in a row',
  mustShow: 'memory slope at most 5 %, descriptors flat',
  inTests: { jobs: 200, atOnce: 25 },
  full: { jobs: 20_000, atOnce: 100 },
};

fault(row, async ({ jobs, atOnce }, report) => {
  await using service = await Service.start({ LOG_LEVEL: 'fatal' });
  await using renderers = new RendererMemory(service.process.pid);
  const client = new BalancedClient(() => [service.url]);
  const image = await photo(600, 400).jpeg().toBuffer();
  const started = performance.now();
  const megabytes: number[] = [];
  const descriptors: number[] = [];
  for (let done = 0; done < jobs; done += atOnce) {
    const sent = new SentJobs(client, image, { outputs: [{ name: 'web', width: 60, format: 'webp' }] });
    await sent.send(atOnce);
    await allEnd(service, patienceMs);
    const ended = await sent.allEnded();
    assert.deepEqual([...new Set(ended.map(({ status }) => status))], ['complete']);
    if (done < warmUp * jobs) continue;
    megabytes.push(await residentMemory(service));
    descriptors.push(await openDescriptors(service));
  }
  const growth = growthOf(megabytes);
  report('jobs', jobs);
  report('seconds', Math.round((performance.now() - started) / 1000));
  report('MB after the first quarter, on average', Math.round(mean(megabytes)));
  report('MB at most', Math.round(Math.max(...megabytes)));
  report('memory slope, % over them', Math.round(growth * 1000) / 10);
  report('descriptor slope, over them', Math.round(growthOf(descriptors) * mean(descriptors) * 10) / 10);
  report('descriptors', `${Math.min(...descriptors)} to ${Math.max(...descriptors)}`);
  report('most of a renderer, MB', Math.round((await renderers.most()) / 1e6));
  assert.ok(growth <= mostGrowth, `${growth}`);
  assert.ok(growthOf(descriptors) * mean(descriptors) <= mostDescriptors, descriptors.join(' '));
});

/** By how much the line that fits the values best rises from the first to the last, as a share of their mean. */
function growthOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let covariance = 0;
  let variance = 0;
  for (const [index, value] of values.entries()) {
    covariance += (index - middle) * value;
    variance += (index - middle) ** 2;
  }
  return ((covariance / variance) * (values.length - 1)) / mean(values);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
