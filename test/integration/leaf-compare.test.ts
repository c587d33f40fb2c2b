import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readLeafConfig } from '../../src/config/leaf-config.ts';
import { compareWays } from '../../src/leaf/comparison/compare-ways.ts';
import { hourlyFigures, type WayMeasure } from '../../src/leaf/comparison/way-measure.ts';
import type { Way } from '../../src/leaf/comparison/ways.ts';
import { LeafMetrics } from '../../src/leaf/leaf-metrics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { freshLeafVariables, startLeafServers } from '../support/leaf.ts';
import { realServer } from '../support/servers/real-server.ts';

suite('The comparison of batch and stream', () => {
  test('ends with equal databases, whichever way', async t => {
    await using servers = await realServer('the comparison of batch and stream', startLeafServers);
    if (!servers) return t.skip('Kafka or MongoDB could not be had');
    const config = readLeafConfig('image-api', await freshLeafVariables(servers));
    const metrics = new LeafMetrics();
    const lines: string[] = [];
    const comparison = await compareWays(
      { records: [20], changesPerMinute: [0.6], seconds: 600, scale: 300, restSeconds: 0.1 },
      {
        config,
        metrics,
        logger: createLogger('warn'),
        signal: t.signal,
        tell: line => lines.push(line),
      },
    );
    const of = (way: Way): WayMeasure => comparison.ways.find(each => each.way === way) ?? assert.fail(way);
    console.log(lines, JSON.stringify(comparison.ways, null, 1));
    assert.ok(hourlyFigures(of('batch-all')).bytes > hourlyFigures(of('batch-changed')).bytes);
  });
});
