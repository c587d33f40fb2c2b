import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Db, MongoClient } from 'mongodb';
import type { RestartableServer } from '../../test/support/servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from '../../test/support/servers/secantusdb.ts';
import { type DocumentChoice, type ImageDocument, ImageDocuments } from './image-documents.ts';

const made = { '50x50': { url: 'https://s3.example.org/p/1_50x50.jpeg', bucket_path: 'images-resized/' } };
const failed = { error: { code: 'source-not-found', message: 'There is no image.' } };
const all = { failed: false };

describe('documents with images', () => {
  let server: RestartableServer | undefined;
  let client: MongoClient | undefined;
  let documents: ImageDocuments | undefined;
  before(async () => {
    server = await startSecantusDb();
    if (!server) return;
    client = new MongoClient(secantusUrl(server, 'shows'));
    documents = new ImageDocuments(secantusUrl(server, 'shows'));
  });
  after(async () => {
    await documents?.[Symbol.asyncDispose]();
    await client?.close();
    await server?.[Symbol.asyncDispose]();
  });

  function test(name: string, run: (documents: ImageDocuments, db: Db) => Promise<void>): void {
    it(name, async t => {
      if (!client || !documents) return t.skip('SecantusDB could not be had');
      await client.db().dropDatabase();
      await run(documents, client.db());
    });
  }

  test('stand beside those of whose source somebody has made nothing or nonsense', async (documents, db) => {
    const url = 'https://a.example.org/1';
    const sources = [null, 'https://a.example.org/0', [7]];
    const rows = sources.flatMap((image_url_info_source, index) => [
      { _id: `believed ${index}`, image_url: url, image_url_info: made, image_url_info_source },
      { _id: `open ${index}`, image_url: url, image_url_info: null, image_url_info_source },
    ]);
    await db.collection<{ _id: string }>('channel').insertMany(rows);
    const found = await collect(documents, all);
    assert.deepEqual(
      found.map(({ id }) => JSON.parse(id)),
      ['open 0', 'open 1', 'open 2'],
    );
    for (const { id } of found) {
      await documents.setInfos('channel', id, { image_url: { url, info: made, at: 5 } });
    }
    assert.deepEqual(await collect(documents, all), []);
    const written = await db
      .collection<{ _id: string; image_url_info_source?: unknown }>('channel')
      .findOne({ _id: 'open 0' });
    assert.deepEqual(written?.image_url_info_source, { url, at: 5, times: 1 });
  });

  test('are found while one of their images has no info', async (documents, db) => {
    await db.collection<{ _id: string }>('channel').insertMany([
      { _id: 'both', image_url: 'https://a.example.org/1', itunes_image: 'https://a.example.org/2' },
      {
        _id: 'one',
        image_url: 'https://a.example.org/1',
        image_url_info: made,
        itunes_image: 'https://a.example.org/2',
      },
      { _id: 'null', image_url: 'https://a.example.org/1', image_url_info: null },
      { _id: 'done', image_url: 'https://a.example.org/1', image_url_info: made, at: 1 },
      { _id: 'empty', image_url: '', itunes_image: null },
      { _id: 'odd', image_url: 7 },
      { _id: 'none' },
    ] as { _id: string }[]);
    const found = await collect(documents, all);
    assert.deepEqual(
      found.map(({ id, images }) => [JSON.parse(id), images.map(({ field }) => field)]),
      [
        ['both', ['image_url', 'itunes_image']],
        ['null', ['image_url']],
        ['one', ['itunes_image']],
      ],
    );
    assert.equal(await documents.count('channel', all), 3);
  });

  test('are not found when their infos are written, until an address changes', async (documents, db) => {
    const { insertedId: _id } = await db
      .collection('channel')
      .insertOne({ image_url: 'https://a.example.org/1' });
    const [first] = await collect(documents, all);
    await documents.setInfos('channel', first?.id ?? '', {
      image_url: { url: 'https://a.example.org/1', info: made, at: 1 },
    });
    assert.deepEqual((await db.collection('channel').findOne({ _id }))?.image_url_info, made);
    assert.deepEqual(await collect(documents, all), []);
    await db.collection('channel').updateOne({ _id }, { $set: { image_url: 'https://a.example.org/2' } });
    const [second] = await collect(documents, all);
    assert.equal(second?.images[0]?.url, 'https://a.example.org/2');
    await db.collection('channel').updateOne({ _id }, { $set: { image_url: 'https://a.example.org/1' } });
    assert.deepEqual(await collect(documents, all), []);
  });

  test('are another version once their infos were written, so that they can be made anew', async (documents, db) => {
    const { insertedId: _id } = await db
      .collection('channel')
      .insertOne({ image_url: 'https://a.example.org/1' });
    const [first] = await collect(documents, all);
    assert.equal((await collect(documents, all))[0]?.version, first?.version);
    await documents.setInfos('channel', first?.id ?? '', {
      image_url: { url: 'https://a.example.org/1', info: made, at: 1 },
    });
    await db.collection('channel').updateOne({ _id }, { $unset: { image_url_info: 1 } });
    const [again] = await collect(documents, all);
    assert.notEqual(again?.version, first?.version);
  });

  test('get no info of an address that they do not have any more', async (documents, db) => {
    const { insertedId: _id } = await db
      .collection('channel')
      .insertOne({ image_url: 'https://a.example.org/2' });
    const [{ id } = { id: '' }] = await collect(documents, all);
    await documents.setInfos('channel', id, {
      image_url: { url: 'https://a.example.org/1', info: made, at: 1 },
    });
    assert.equal((await db.collection('channel').findOne({ _id }))?.image_url_info, undefined);
  });

  test('keep the newer of two infos, whichever is written first', async (documents, db) => {
    const { insertedId: _id } = await db
      .collection('channel')
      .insertOne({ image_url: 'https://a.example.org/1' });
    const [{ id } = { id: '' }] = await collect(documents, all);
    const url = 'https://a.example.org/1';
    await documents.setInfos('channel', id, { image_url: { url, info: made, at: 2 } });
    await documents.setInfos('channel', id, { image_url: { url, info: failed, at: 1 } });
    assert.deepEqual((await db.collection('channel').findOne({ _id }))?.image_url_info, made);
  });

  test('whose images could not be made are found when they are asked for', async (documents, db) => {
    await db.collection('channel').insertOne({ image_url: 'https://a.example.org/1' });
    const [{ id } = { id: '' }] = await collect(documents, all);
    await documents.setInfos('channel', id, {
      image_url: { url: 'https://a.example.org/1', info: failed, at: 1 },
    });
    assert.equal(await documents.count('channel', all), 0);
    assert.equal(await documents.count('channel', { failed: true }), 1);
    assert.equal((await collect(documents, { failed: true })).length, 1);
    assert.deepEqual(await documents.failures('channel'), new Map([['source-not-found', 1]]));
  });
});

async function collect(documents: ImageDocuments, choice: DocumentChoice): Promise<ImageDocument[]> {
  const found: ImageDocument[] = [];
  for await (const batch of documents.find('channel', choice)) found.push(...batch);
  return found;
}
