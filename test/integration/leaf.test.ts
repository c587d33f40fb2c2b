import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { MongoClient } from 'mongodb';
import sharp from 'sharp';
import { assertProblem } from '../support/answers.ts';
import { eventually } from '../support/eventually.ts';
import { recordsOf } from '../support/kafka-topic.ts';
import {
  askLeaf,
  freshLeafVariables,
  type LeafImage,
  type LeafServers,
  startLeafServers,
  startLeafService,
} from '../support/leaf.ts';
import { realServer } from '../support/servers/real-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const place = [46.2, 6.1];
type Page = { image_list: LeafImage[]; total_images: number };

suite('The leaf system', () => {
  let servers: LeafServers | undefined;
  before(async () => {
    servers = await realServer('the leaf image management system', startLeafServers);
  });
  after(() => servers?.[Symbol.asyncDispose]());

  const withServers = (name: string, run: (servers: LeafServers) => Promise<void>) =>
    test(name, async t => (servers ? await run(servers) : t.skip('Kafka or MongoDB could not be had')));

  withServers('copies what is made, changed and deleted', async servers => {
    const variables = await freshLeafVariables(servers);
    await using api = await startLeafService('image-api', variables);
    await using consumer = await startLeafService('consumer', variables);

    const made = await askLeaf(api, 'PUT', '/image-plant/potato/', { camera_id: 7, gps_coordinates: place });
    assert.equal(made.status, 200);
    const { id, data } = made.body;
    assert.equal(id, 1);
    assert.equal((await sharp(Buffer.from(data ?? '', 'hex')).metadata()).format, 'jpeg');
    assert.deepEqual((await copyOf(consumer, 'potato', 1)).body, made.body);

    const changed = await askLeaf(api, 'POST', '/image-plant/potato/', {
      id,
      is_active: true,
      disease: 'late_blight',
      percentage: 97.5,
    });
    assert.equal(changed.body.disease, 'late_blight');
    assert.equal(changed.body.data, data);
    const copy = await eventually(async () => {
      const { body } = await copyOf(consumer, 'potato', 1);
      return body.is_active && body;
    }, 'the change is copied');
    assert.deepEqual(copy, changed.body);

    const gone = await askLeaf<object>(api, 'DELETE', '/image-plant/potato/1');
    assert.deepEqual(gone.body, { message: 'Image deleted successfully' });
    assert.equal((await askLeaf(api, 'DELETE', '/image-plant/potato/1')).status, 200);
    await eventually(
      async () => (await copyOf(consumer, 'potato', 1)).body.is_deleted,
      'the deletion is copied',
    );
    for (const service of [api, consumer]) {
      const { body } = await askLeaf<object>(service, 'GET', '/image-plant/potato/total/');
      assert.deepEqual(body, { total_images: 0 });
    }
    // The photo went with the first event alone.
    const sizes = (await recordsOf(servers.kafka, 'potato')).map(({ value }) => value?.length ?? 0);
    assert.ok((sizes[0] ?? 0) > (data?.length ?? 0) / 2);
    assert.ok(sizes.slice(1).every(size => size < 500));
  });

  withServers('answers lists, totals and choices by filter, on both sides alike', async servers => {
    const variables = await freshLeafVariables(servers);
    await using api = await startLeafService('image-api', variables);
    const creations = Array.from({ length: 12 }, () =>
      askLeaf(api, 'PUT', '/image-plant/tomato', { camera_id: 'north', gps_coordinates: place }),
    );
    const ids = (await Promise.all(creations)).map(({ body }) => body.id);
    assert.deepEqual(
      ids.toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
    for (const id of [2, 4, 6]) await askLeaf(api, 'POST', '/image-plant/tomato', { id, is_active: true });
    for (const id of [4, 6, 8])
      await askLeaf(api, 'POST', '/image-plant/tomato', { id, disease: 'leaf_mold' });
    await askLeaf(api, 'POST', '/image-plant/tomato', { id: 9, disease: 'healthy' });
    await askLeaf(api, 'DELETE', '/image-plant/tomato/6/');

    await using consumer = await startLeafService('consumer', variables);
    await eventually(
      async () => (await askLeaf(consumer, 'GET', '/image-plant/tomato/6')).body.is_deleted,
      'all is copied',
    );
    for (const service of [api, consumer]) {
      const list = async (query: string) => {
        const { body } = await askLeaf<Page>(service, 'GET', `/image-plant/tomato/?${query}`);
        return [body.image_list.map(({ id }) => id), body.total_images];
      };
      assert.deepEqual(await list(''), [[1, 2, 3, 4, 5, 7, 8, 9, 10, 11], 11]);
      assert.deepEqual(await list('from_id=8&limit=3'), [[8, 9, 10], 11]);
      assert.deepEqual(await list('is_active=true'), [[2, 4], 2]);
      assert.deepEqual(await list('has_disease=True'), [[4, 8], 2]);
      assert.deepEqual(await list('has_disease=true&is_active=false'), [[8], 1]);
      assert.deepEqual(await list('has_disease=false&is_active=true'), [[2], 1]);
      const { body } = await askLeaf(
        service,
        'GET',
        '/image-plant/tomato/random/?is_active=true&has_disease=true',
      );
      assert.equal(body.id, 4);
      assert.deepEqual((await askLeaf<object>(service, 'GET', '/image-plant/is-deployed/')).body, {
        is_deployed: true,
      });
      assert.equal((await askLeaf<string>(service, 'GET', '/ping')).body, 'Hello, I am alive');
    }
    assert.equal((await askLeaf(api, 'GET', '/image-plant/pepper/random')).status, 404);
  });

  withServers('refuses what is wrong with 4xx, and changes at the consumer', async servers => {
    const variables = await freshLeafVariables(servers);
    await using api = await startLeafService('image-api', variables);
    await using consumer = await startLeafService('consumer', variables);
    const image = { camera_id: 1, gps_coordinates: place };
    const refusals: [{ url: string }, number, string, string, object?][] = [
      [consumer, 404, 'GET', '/image-plant/potato/77'],
      [consumer, 404, 'GET', '/image-plant/carrot/'],
      [consumer, 400, 'GET', '/image-plant/potato/0'],
      [consumer, 400, 'GET', '/image-plant/potato/one'],
      [consumer, 400, 'GET', '/image-plant/potato/99999999999999999999'],
      [consumer, 400, 'GET', '/image-plant/potato/?limit=0'],
      [consumer, 400, 'GET', '/image-plant/potato/?limit=101'],
      [consumer, 400, 'GET', '/image-plant/potato/?from_id=-1'],
      [consumer, 400, 'GET', '/image-plant/potato/?is_active=yes'],
      [consumer, 400, 'GET', '/image-plant/potato/random/?has_disease=1'],
      [consumer, 400, 'GET', '/image-plant/potato/?disease=mold'],
      [consumer, 405, 'PUT', '/image-plant/potato/', image],
      [consumer, 405, 'POST', '/image-plant/potato/', { id: 1, is_active: true }],
      [consumer, 405, 'DELETE', '/image-plant/potato/1'],
      [api, 404, 'PUT', '/image-plant/carrot/', image],
      [api, 400, 'PUT', '/image-plant/potato/', {}],
      [api, 400, 'PUT', '/image-plant/potato/', { ...image, gps_coordinates: [91, 0] }],
      [api, 400, 'PUT', '/image-plant/potato/', { ...image, gps_coordinates: [1] }],
      [api, 404, 'POST', '/image-plant/potato/', { id: 77, is_active: true }],
      [api, 400, 'POST', '/image-plant/potato/', { id: 1 }],
      [api, 400, 'POST', '/image-plant/potato/', { id: 1, is_deleted: false }],
      [api, 400, 'POST', '/image-plant/potato/', { id: 1, percentage: 101 }],
      [api, 404, 'DELETE', '/image-plant/potato/77'],
    ];
    for (const [service, status, method, where, body] of refusals) {
      const answer = await askLeaf<object>(service, method, where, body);
      const what = `${method} ${where}`;
      assert.equal(answer.status, status, what);
      assertProblem(status, answer.headers.get('content-type') ?? '', JSON.stringify(answer.body), what);
    }
  });

  withServers('answers while Kafka is away, and tells it afterwards what it missed', async servers => {
    const variables = await freshLeafVariables(servers);
    await using api = await startLeafService('image-api', variables);
    await using consumer = await startLeafService('consumer', variables);
    await putImage(api, 'pepper');
    await copyOf(consumer, 'pepper', 1);
    await servers.kafka.end('SIGKILL');
    const readiness = await eventually(async () => {
      const { status, body } = await askLeaf<{ status: string; parts: Record<string, string | null> }>(
        consumer,
        'GET',
        '/health/ready',
      );
      return body.status === 'degraded' && { status, parts: body.parts };
    }, 'the readiness tells it');
    assert.equal(readiness.status, 200);
    assert.match(readiness.parts.kafka ?? '', /Kafka does not answer/);
    assert.equal(readiness.parts.mongodb, null);
    await putImage(api, 'pepper');
    await askLeaf(api, 'POST', '/image-plant/pepper', { id: 1, is_active: true });
    assert.equal((await askLeaf(consumer, 'GET', '/image-plant/pepper/1')).body.is_active, false);
    await servers.kafka.startAgain();
    await eventually(
      async () => (await copyOf(consumer, 'pepper', 1)).body.is_active,
      'the change is copied',
      60_000,
    );
    assert.equal((await copyOf(consumer, 'pepper', 2)).status, 200);
  });

  withServers('says that MongoDB is away, and goes on when it is back', async servers => {
    const variables = await freshLeafVariables(servers);
    await using api = await startLeafService('image-api', variables);
    await putImage(api, 'pepper');
    await servers.mongo.end('SIGKILL');
    await using consumer = await startLeafService('consumer', variables);
    assert.equal((await askLeaf<string>(consumer, 'GET', '/ping/')).status, 200);
    assert.equal((await askLeaf<object>(consumer, 'GET', '/health/live')).status, 200);
    for (const service of [api, consumer]) {
      const ready = await askLeaf<{ parts: { mongodb: string } }>(service, 'GET', '/health/ready');
      assert.equal(ready.status, 503);
      assert.match(ready.body.parts.mongodb, /MongoDB does not answer/);
      const asked = await askLeaf<{ code: string }>(service, 'GET', '/image-plant/pepper/1');
      assert.deepEqual([asked.status, asked.body.code], [503, 'storage-unavailable']);
      assert.ok(asked.headers.get('retry-after'));
    }
    await servers.mongo.startAgain();
    assert.equal((await copyOf(consumer, 'pepper', 1, 60_000)).status, 200);
    await putImage(api, 'pepper');
    assert.equal((await copyOf(consumer, 'pepper', 2)).status, 200);
  });

  withServers('takes photos from a folder, and asks the database by its indexes', async servers => {
    await using folder = await temporaryFolder();
    await mkdir(path.join(folder.path, 'potato'));
    const photo = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'green' } })
      .jpeg()
      .toBuffer();
    const file = path.join(folder.path, 'potato', 'leaf.JPG');
    await writeFile(file, photo);
    await writeFile(path.join(folder.path, 'potato', 'broken.jpg'), 'no photo');
    const variables = { ...(await freshLeafVariables(servers)), LEAF_PHOTOS: folder.path };
    await using api = await startLeafService('image-api', variables);
    for (const id of [1, 2, 3]) {
      const { body } = await putImage(api, 'potato');
      assert.deepEqual([body.id, body.data], [id, (await readFile(file)).toString('hex')]);
    }
    await eventually(
      async () =>
        (await askLeaf<{ is_deployed: boolean }>(api, 'GET', '/image-plant/is-deployed')).body.is_deployed,
      'the indexes are there',
    );
    await using client = new MongoClient(variables.MONGO_PRODUCER_URL);
    const names = (await client.db().collection('imagecolplantpotato').indexes()).map(({ key }) => key);
    assert.deepEqual(names.slice(1), [
      { id: 1 },
      { is_deleted: 1, is_active: 1, has_disease: 1, id: 1 },
      { unpublished: 1 },
    ]);
  });
});

function putImage(api: { url: string }, plant: string) {
  return askLeaf(api, 'PUT', `/image-plant/${plant}`, { camera_id: 1, gps_coordinates: place });
}

/** Once it is there. */
function copyOf(consumer: { url: string }, plant: string, id: number, withinMs = 30_000) {
  return eventually(
    async () => {
      const answer = await askLeaf(consumer, 'GET', `/image-plant/${plant}/${id}`);
      return answer.status === 200 && answer;
    },
    `image ${id} of ${plant} is copied`,
    withinMs,
  );
}
