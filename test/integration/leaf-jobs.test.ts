import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { type LeafService as Name, readLeafConfig } from '../../src/config/leaf-config.ts';
import { createAnalyzer } from '../../src/leaf/analyzer-service.ts';
import { createImageApi } from '../../src/leaf/image-api.ts';
import { LeafDatabase } from '../../src/leaf/images/leaf-database.ts';
import { jobServices } from '../../src/leaf/job-services.ts';
import { copyImages } from '../../src/leaf/jobs/copy-images.ts';
import { plants } from '../../src/leaf/plants.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../support/eventually.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from '../support/servers/secantusdb.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

interface Image {
  readonly id: number;
  readonly camera_id: number;
  readonly is_active: boolean;
  readonly disease: string | null;
  readonly percentage: number | null;
  readonly data: string;
}

type Page = { image_list: Image[]; total_images: number };

const often = '0.2';
const patienceMs = 180_000;

suite('The jobs of the leaf system', () => {
  let mongo: RestartableServer | undefined;
  let folder: TemporaryFolder;
  before(async () => {
    folder = await temporaryFolder();
    mongo = await realServer('the jobs of the leaf system', startSecantusDb);
  });
  after(async () => {
    await mongo?.[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const withMongo = (name: string, run: (variables: Record<string, string>) => Promise<void>) =>
    test(name, async t => (mongo ? await run(freshVariables(mongo, folder.path)) : t.skip('no MongoDB')));

  withMongo('take photos, have them analyzed, are users, and copy everything', async variables => {
    await using api = await start('image-api', variables);
    await using analyzer = await start('analyzer', variables);
    const urls: Record<string, string> = {
      ...variables,
      IMAGE_API_URL: api.url,
      IMAGE_ANALYZER_URL: analyzer.url,
    };
    const images = async (plant: string, query = ''): Promise<Page> =>
      (await fetch(`${api.url}/image-plant/${plant}/${query}`)).json() as Promise<Page>;

    {
      await using _camera = await start('camera', urls);
      const taken = await eventually(
        async () => {
          const pages = await Promise.all(plants.map(plant => images(plant)));
          return pages.every(({ total_images }) => total_images >= 2) && pages;
        },
        'photos of every plant are taken',
        patienceMs,
      );
      assert.ok(taken.every(({ image_list }) => image_list[0]?.data.startsWith('ffd8')));
    }
    {
      await using _recognizer = await start('recognizer', urls);
      for (const plant of plants) {
        const { disease, percentage } = await eventually(
          async () => (await images(plant)).image_list.find(image => image.percentage !== null),
          `a disease of ${plant} is recognized`,
          patienceMs,
        );
        assert.equal(typeof disease, 'string');
        assert.ok(percentage !== null && percentage >= 0 && percentage <= 100);
      }
    }
    const { total_images: count } = await images('tomato');
    {
      await using _users = await start('users', { ...urls, USERS_DELETE_SECONDS: '1000' });
      const activated = async () => (await images('potato', '?is_active=true')).total_images > 0;
      await eventually(activated, 'one is activated', patienceMs);
    }
    {
      await using _users = await start('users', { ...urls, LEAF_STATE: `${urls.LEAF_STATE}/other` });
      const deleted = async () => (await images('tomato')).total_images < count;
      await eventually(deleted, 'one is deleted', patienceMs);
    }

    await using synchronizer = await start('synchronizer', urls);
    const status = async () =>
      (await (await fetch(`${synchronizer.url}/status`)).json()) as { tasks: { runs: number }[] };
    await eventually(
      async () => ((await status()).tasks[0]?.runs ?? 0) >= 2,
      'all is copied twice',
      patienceMs,
    );
    const copies = new LeafDatabase(urls.MONGO_CONSUMER_URL ?? '', 'MONGO_CONSUMER_URL', silent);
    copies.start();
    await copies.ask('tomato', async tomatoes => {
      assert.equal(await tomatoes.countDocuments({}), count);
      assert.ok((await tomatoes.countDocuments({ is_deleted: true })) > 0);
      assert.equal(await tomatoes.countDocuments({ unpublished: { $exists: true } }), 0);
    });
    await copies.stop();
  });

  withMongo('copy no older image over a newer one', async variables => {
    const producer = new LeafDatabase(variables.MONGO_PRODUCER_URL ?? '', 'MONGO_PRODUCER_URL', silent);
    const consumer = new LeafDatabase(variables.MONGO_CONSUMER_URL ?? '', 'MONGO_CONSUMER_URL', silent);
    for (const database of [producer, consumer]) {
      database.start();
      await eventually(() => database.isDeployed(), 'the indexes are there', patienceMs);
    }
    const image = { camera_id: 1, gps_coordinates: [0, 0] as const, is_deleted: false, has_disease: false };
    const facts = { ...image, created_at: new Date(0), updated_at: new Date(0), is_active: false };
    const document = (id: number, version: number) => ({
      ...facts,
      id,
      version,
      disease: null,
      percentage: null,
    });
    const ids = Array.from({ length: 120 }, (_, index) => index + 1);
    await producer.ask('tomato', images => images.insertMany(ids.map(id => document(id, 2))));
    await consumer.ask('tomato', images => images.insertMany([document(1, 1), document(2, 3)]));
    let heard = 0;
    const { signal } = new AbortController();
    const copied = await copyImages(producer, consumer, 'tomato', signal, (_plant, images) => {
      heard += images;
    });
    assert.deepEqual([copied.images, heard], [120, 120]);
    assert.ok(copied.bytes > 120 * 100);
    const found = await consumer.ask('tomato', images => images.find().sort({ id: 1 }).toArray());
    assert.deepEqual(
      found.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(
      found.slice(0, 3).map(({ version }) => version),
      [2, 3, 2],
    );
    await Promise.all([producer.stop(), consumer.stop()]);
  });

  withMongo('say what is away, and go on when it is there again', async variables => {
    const away = { IMAGE_API_URL: 'http://127.0.0.1:9', MONGO_PRODUCER_URL: 'mongodb://127.0.0.1:9/a' };
    await using camera = await start('camera', { ...variables, ...away });
    const page = await eventually(
      async () => {
        const html = await (await fetch(camera.url)).text();
        return html.includes('does not answer') && html;
      },
      'the page tells it',
      patienceMs,
    );
    assert.match(page, /class="status running"/);
    await using synchronizer = await start('synchronizer', { ...variables, ...away });
    const ready = await fetch(`${synchronizer.url}/health/ready`);
    const { status, parts } = (await ready.json()) as {
      status: string;
      parts: Record<string, string | null>;
    };
    assert.equal(status, 'degraded');
    assert.match(parts.producer ?? '', /MongoDB does not answer/);
  });
});

const silent = createLogger('silent');

/** Kafka is not needed: the image API's changes wait for it in its database. */
function freshVariables(mongo: RestartableServer, folder: string): Record<string, string> {
  const own = randomUUID().slice(0, 8);
  return {
    ...{
      PORT: '0',
      METRICS_PORT: '0',
      KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:9',
      LEAF_STATE: `${folder}/${own}`,
    },
    MONGO_PRODUCER_URL: secantusUrl(mongo, `imagedbplantproducer${own}`),
    MONGO_CONSUMER_URL: secantusUrl(mongo, `imagedbplantconsumer${own}`),
    ...{ CAMERA_SECONDS: often, RECOGNIZER_SECONDS: often, SYNCHRONIZER_SECONDS: often },
    ...{ USERS_ACTIVATE_SECONDS: often, USERS_METADATA_SECONDS: often, USERS_DELETE_SECONDS: often },
  };
}

/** One of the processes, in this one. */
async function start(name: Exclude<Name, 'consumer'>, variables: Record<string, string>) {
  const service = await services[name](readLeafConfig(name, variables), silent);
  const { url } = await service.start();
  return { url, [Symbol.asyncDispose]: () => service.stop() };
}

const services = { 'image-api': createImageApi, analyzer: createAnalyzer, ...jobServices };
