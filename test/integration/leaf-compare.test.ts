import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readLeafConfig } from '../../src/config/leaf-config.ts';
import { type Comparison, compareWays } from '../../src/leaf/comparison/compare-ways.ts';
import { writeComparisonPage } from '../../src/leaf/comparison/comparison-page.ts';
import type { WayMeasure } from '../../src/leaf/comparison/way-measure.ts';
import { type Way, wayNames } from '../../src/leaf/comparison/ways.ts';
import { LeafMetrics } from '../../src/leaf/leaf-metrics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { freshLeafVariables, type LeafServers, startLeafServers } from '../support/leaf.ts';
import { kafkaAdminOf } from '../support/queues/kafka-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const size = { records: [20], changesPerMinute: [0.6], seconds: 600, scale: 300, restSeconds: 0.1 } as const;

suite('The comparison of batch and stream', () => {
  test('mirrors one history in four ways, and tells what each takes', async t => {
    await using servers = await realServer('the comparison of batch and stream', startLeafServers);
    if (!servers) return t.skip('Kafka or MongoDB could not be had');
    const metrics = new LeafMetrics();
    const comparison = await compare(servers, metrics, t.signal);
    const measures = wayNames.map(way => comparison.ways.find(each => each.way === way) ?? assert.fail(way));
    const [all, changed, always, once] = measures as [WayMeasure, WayMeasure, WayMeasure, WayMeasure];

    assert.deepEqual(
      measures.map(({ differences, changes }) => [differences, changes]),
      measures.map(() => [0, 6]),
    );
    // One creation in six changes, and one that deletes: a batch copies each changed image once.
    assert.equal(all.images, 21);
    assert.ok(changed.images >= 2 && changed.images <= 6);
    assert.ok(always.images >= 2 && always.images <= 6);
    assert.deepEqual([all.used.kafka, changed.used.kafka], [0, 0]);
    const bytes = ({ used }: WayMeasure) => used.kafka + used.mongodb;
    // Read and written, each of 20 KB.
    assert.ok(bytes(all) > 21 * 2 * 20_000);
    assert.ok(bytes(all) > bytes(changed) && bytes(changed) > bytes(once) && bytes(always) > bytes(once));
    assert.ok(once.used.kafka < always.used.kafka);
    assert.ok(always.imageBytes > always.images * 20_000);
    // Each answer but the deletion's has the photo in hexadecimal digits.
    assert.ok(measures.every(({ httpBytes, used }) => httpBytes > 5 * 40_000 && used.cpuSeconds > 0));
    // The history's last change comes before its last batch, and a stream waits for none.
    assert.ok(once.p50 < all.p50 && always.p50 < changed.p50);
    assert.ok(measures.every(({ p50, p99 }) => p50 > 0 && p50 <= p99));

    await countsImages(metrics, comparison);
    await isWritten(comparison);
    await leavesNothing(servers);
  });

  test('refuses brokers on which a leaf system is at work', async t => {
    await using servers = await realServer('a comparison beside a leaf system', startLeafServers);
    if (!servers) return t.skip('Kafka or MongoDB could not be had');
    await using admin = Object.assign(kafkaAdminOf(servers.kafka), {
      [Symbol.asyncDispose]: () => admin.close(),
    });
    const variables = await freshLeafVariables(servers);
    await admin.createTopics({ topics: ['tomato'], partitions: 1 });
    await assert.rejects(compare(servers, new LeafMetrics(), t.signal, variables), {
      code: 'invalid-configuration',
      message: /has the topic tomato already/,
    });
    assert.deepEqual(await admin.listTopics(), ['tomato']);
  });
});

async function compare(
  servers: LeafServers,
  metrics: LeafMetrics,
  signal: AbortSignal,
  variables?: Awaited<ReturnType<typeof freshLeafVariables>>,
): Promise<Comparison> {
  const config = readLeafConfig('image-api', variables ?? (await freshLeafVariables(servers)));
  return await compareWays(size, { config, metrics, logger: createLogger('warn'), signal, tell: () => {} });
}

/** Those that were moved before the history began, too: one of each plant at least. */
async function countsImages(metrics: LeafMetrics, { ways }: Comparison): Promise<void> {
  const text = await metrics.registry.metrics();
  const total = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{plant="\\w+"\\} (\\d+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  const moved = (...of: Way[]) =>
    ways.filter(({ way }) => of.includes(way)).reduce((sum, { images }) => sum + images, 0);
  assert.ok(total('image_api_image') >= moved('stream-always', 'stream-once') + 6);
  assert.ok(total('db_synchronizer_job_image') >= moved('batch-all', 'batch-changed') + 6);
  for (const name of ['image_api_image_size', 'db_synchronizer_job_image_size']) assert.ok(total(name) > 0);
}

async function isWritten(comparison: Comparison): Promise<void> {
  await using folder = await temporaryFolder();
  // More than one size: the page then has tables and plots of how things grow.
  const [grown] = [comparison.ways.map(each => ({ ...each, records: 40, changesPerMinute: 1.2 }))];
  const options = { ...comparison.options, records: [20, 40], changesPerMinute: [0.6, 1.2] } as const;
  const whole = {
    ...{ ...comparison, options },
    byRecords: [...comparison.ways, ...grown],
    byChanges: [...comparison.ways, ...grown],
  };
  const file = await writeComparisonPage(whole, folder.path, 'tintype leaf compare');
  const page = await readFile(file, 'utf8');
  for (const way of ['batch, all images', 'batch, changed images', 'stream, photo once']) {
    assert.ok(page.includes(`| ${way} |`), way);
  }
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  const images = [...page.matchAll(/\]\((images\/\S+\.svg)\)/g)].map(([, image = '']) => image);
  assert.equal(images.length, 4);
  assert.equal((await readdir(path.join(folder.path, 'images'))).length, 4);
  for (const image of images) {
    assert.doesNotMatch(await readFile(path.join(folder.path, image), 'utf8'), /NaN|undefined|Infinity/);
  }
}

async function leavesNothing({ kafka }: LeafServers): Promise<void> {
  const admin = kafkaAdminOf(kafka);
  const topics = await admin.listTopics();
  await admin.close();
  assert.deepEqual(
    topics.filter(topic => /potato|tomato|pepper/.test(topic)),
    [],
  );
}
