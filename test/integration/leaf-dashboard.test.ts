import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { openComparisonMetrics } from '../../src/leaf/comparison/comparison-metrics.ts';
import { plants } from '../../src/leaf/plants.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../support/eventually.ts';
import { type PrometheusSeries, startPrometheus } from '../support/servers/prometheus.ts';
import { realServer } from '../support/servers/real-server.ts';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const patienceMs = 60_000;

suite('The dashboard of the leaf system', () => {
  test('has a row for the batch and one for the stream', async () => {
    const { title, panels } = await dashboard();
    assert.equal(title, 'Leaf Image Management System');
    assert.deepEqual(
      panels.map(({ title }) => title),
      [
        ...['Batch', 'Images copied by the batch', 'kB copied by the batch'],
        ...['Stream', 'Images sent through the stream', 'kB sent through the stream'],
      ],
    );
  });

  test('shows what Prometheus reads of the leaf system', async t => {
    const config = { HOST: '127.0.0.1', METRICS_PORT: 0 };
    await using served = await openComparisonMetrics(config, createLogger('warn'));
    const { metrics, url = assert.fail('it listens nowhere') } = served;
    await using prometheus = await realServer('the expressions of the Grafana dashboard', () =>
      startPrometheus(new URL(url).host),
    );
    if (!prometheus) return t.skip('Prometheus could not be had');
    const counts = [metrics.sentImages(), metrics.copiedImages()];
    const { panels } = await dashboard();
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.equal(expressions.length, 4);
    for (const expression of expressions) {
      // Grafana puts the range in: four times as long as Prometheus pauses at least.
      const query = expression.replaceAll('$__rate_interval', '10s');
      const series = await eventually<readonly PrometheusSeries[]>(
        async () => {
          for (const count of counts) for (const plant of plants) count(plant, 1, 20_000);
          const found: readonly PrometheusSeries[] = await prometheus.query(query);
          return found.length === plants.length && found.every(({ value }) => Number(value[1]) > 0) && found;
        },
        `${expression} has values`,
        patienceMs,
      );
      assert.deepEqual(series.map(({ metric }) => metric.plant).sort(), [...plants].sort());
    }
  });
});

async function dashboard(): Promise<{ title: string; panels: readonly Panel[] }> {
  const file = new URL('../../deploy/leaf/grafana-dashboard.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8'));
}
