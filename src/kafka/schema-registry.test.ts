import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import avro from 'avsc';
import { FaultyProxy } from '../../test/support/faulty-proxy.ts';
import { registryUrl, startApicurio } from '../../test/support/servers/apicurio.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import type { UserImage } from '../answers/processed-image.ts';
import { RecordReader } from './record-reader.ts';
import { recordSchemas } from './record-schemas.ts';
import { RecordWriter } from './record-writer.ts';
import { SchemaRegistry } from './schema-registry.ts';
import { frame } from './wire-format.ts';

const server = await realServer('the schema registry', startApicurio);

const image: UserImage = {
  id: 7,
  website_id: randomUUID(),
  user_id: randomUUID(),
  created_at: '2026-01-02T03:04:05Z',
  url: 'https://images.example.org/a.jpg',
  format: 'jpeg',
  width: 640,
  height: 480,
};

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
}

/** Our schema with other fields. */
function otherVersion(change: (fields: readonly Field[]) => readonly Field[]): object {
  const schema = recordSchemas.userImageUploaded as { readonly fields: readonly Field[] };
  return { ...schema, fields: change(schema.fields) };
}

if (server !== undefined) {
  describe('Avro records with a schema registry', () => {
    after(() => server[Symbol.asyncDispose]());

    async function openRegistry() {
      const proxy = await FaultyProxy.start(`http://127.0.0.1:${server?.port}`);
      const { pathname } = new URL(registryUrl({ port: 0 }));
      const settings = { url: `${proxy.url}${pathname}` };
      return { proxy, registry: new SchemaRegistry(settings), settings };
    }

    it('registers the schema with the first record, and reads what was written', async () => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      const topic = `images-${randomUUID()}`;
      const writer = new RecordWriter<UserImage>(registry, topic, recordSchemas.userImageUploaded);
      assert.equal(proxy.requests.length, 0);
      const values = await Promise.all([writer.write(image), writer.write({ ...image, id: 8 })]);
      assert.deepEqual(
        proxy.requests.map(({ method, path }) => `${method} ${path}`),
        [`POST /apis/ccompat/v7/subjects/${topic}-value/versions`],
      );
      const reader = new RecordReader<UserImage>(registry, recordSchemas.userImageUploaded);
      const read = await Promise.all(values.map(value => reader.read(value)));
      assert.deepEqual(
        read.map(record => ({ ...record })),
        [image, { ...image, id: 8 }],
      );
      assert.equal(proxy.requests.length, 2, 'the schema is asked for once');
    });

    it('reads a producer one version ahead and one behind', async () => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      const ours = otherVersion(fields => [...fields, { name: 'album', type: 'string', default: 'none' }]);
      const ahead = otherVersion(fields => [
        ...fields,
        { name: 'album', type: 'string', default: 'none' },
        { name: 'camera', type: ['null', 'string'], default: null },
      ]);
      const topic = `images-${randomUUID()}`;
      const behindWriter = new RecordWriter(registry, topic, recordSchemas.userImageUploaded);
      const aheadWriter = new RecordWriter(registry, topic, ahead);
      const reader = new RecordReader<object>(registry, ours);
      const behindRead = await reader.read(await behindWriter.write(image));
      assert.deepEqual({ ...behindRead }, { ...image, album: 'none' });
      const aheadValue = await aheadWriter.write({ ...image, album: 'holidays', camera: 'a good one' });
      assert.deepEqual({ ...(await reader.read(aheadValue)) }, { ...image, album: 'holidays' });
    });

    it('refuses an incompatible schema, with the subject and the field', async () => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      const topic = `sharp-processed-images-${randomUUID()}`;
      const schema = recordSchemas.imageProcessed;
      const id = await registry.register(`${topic}-value`, schema);
      assert.equal(await registry.register(`${topic}-value`, schema), id);
      const changed = JSON.parse(JSON.stringify(schema)) as { fields: { name: string; type: unknown }[] };
      changed.fields.push({ name: 'camera', type: 'string' });
      await assert.rejects(registry.register(`${topic}-value`, changed), {
        code: 'incompatible-schema',
        message: new RegExp(`${topic}-value .*'camera'`),
      });
      const nested = JSON.stringify(schema).replace(
        '"name":"batch_size","type":"int"',
        '"name":"batch_size","type":"string"',
      );
      await assert.rejects(registry.register(`${topic}-value`, JSON.parse(nested) as object), {
        code: 'incompatible-schema',
        message: /'processing_configuration\.batch_size'/,
      });
    });

    it('asks for an id that the registry does not know once a minute', async t => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      let now = performance.now();
      t.mock.method(performance, 'now', () => now);
      const unknown = { code: 'invalid-record', message: /knows no schema 999999/ };
      await Promise.all(Array.from({ length: 20 }, () => assert.rejects(registry.schema(999_999), unknown)));
      now += 59_000;
      await assert.rejects(registry.schema(999_999), unknown);
      assert.equal(proxy.requests.length, 1);
      now += 2_000;
      await assert.rejects(registry.schema(999_999), unknown);
      assert.equal(proxy.requests.length, 2);
    });

    it('knows an outage from an id that is unknown', async () => {
      const { proxy, registry, settings } = await openRegistry();
      await using _proxy = proxy;
      const away = { code: 'registry-unavailable' };
      proxy.spoil = () => 'busy';
      await assert.rejects(registry.schema(999_998), away);
      proxy.spoil = () => undefined;
      await assert.rejects(registry.schema(999_998), { code: 'invalid-record' });
      // A wrong address answers 404 as well.
      const lost = new SchemaRegistry({ url: `${new URL(settings.url).origin}/elsewhere` });
      await assert.rejects(lost.schema(1), away);
      const nobody = new SchemaRegistry({ url: 'http://127.0.0.1:9' });
      await assert.rejects(nobody.schema(1), away);
    });

    it('sends its login', async () => {
      const { proxy, settings } = await openRegistry();
      await using _proxy = proxy;
      const login = { username: 'ann', password: 'sword:fish' };
      await assert.rejects(new SchemaRegistry({ ...settings, login }).schema(999_997));
      assert.equal(
        proxy.requests[0]?.headers.authorization,
        `Basic ${Buffer.from('ann:sword:fish').toString('base64')}`,
      );
    });

    it('says of a value why it can not be read', async () => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      const reader = new RecordReader(registry, recordSchemas.userImageUploaded);
      const other = { type: 'record', name: 'Other', fields: [{ name: 'a', type: 'string' }] };
      const otherId = await registry.register(`others-${randomUUID()}-value`, other);
      const changed = otherVersion(fields =>
        fields.map(field => (field.name === 'width' ? { ...field, type: 'string' } : field)),
      );
      const changedId = await registry.register(`others-${randomUUID()}-value`, changed);
      const ourId = await registry.register(`ours-${randomUUID()}-value`, recordSchemas.userImageUploaded);
      const whole = avro.Type.forSchema(recordSchemas.userImageUploaded as avro.Schema).toBuffer(image);
      const cases: [Buffer | null, RegExp][] = [
        [null, /no value/],
        [Buffer.from([0, 0]), /too few/],
        [Buffer.from('{"id": 7}'), /begins with byte 123/],
        [frame({ schemaId: 0, body: whole }), /schema id is 0/],
        [frame({ schemaId: otherId, body: whole }), /does not go with ours/],
        [frame({ schemaId: changedId, body: whole }), /'width'/],
        [frame({ schemaId: ourId, body: whole.subarray(0, 20) }), /truncated/],
        [frame({ schemaId: ourId, body: Buffer.concat([whole, whole]) }), /trailing/],
      ];
      for (const [value, message] of cases) {
        await assert.rejects(reader.read(value), { code: 'invalid-record', message });
      }
    });

    it('refuses to write a record that does not fit, with the field', async () => {
      const { proxy, registry } = await openRegistry();
      await using _proxy = proxy;
      const writer = new RecordWriter<object>(registry, 'never', recordSchemas.userImageUploaded);
      const { url: _url, ...withoutUrl } = image;
      await assert.rejects(writer.write({ ...image, width: 'wide' }), { message: /'width' is "wide"/ });
      await assert.rejects(writer.write(withoutUrl), { message: /'url' is missing/ });
      await assert.rejects(writer.write({ ...image, colour: 'red' }), { code: 'invalid-record' });
      assert.equal(proxy.requests.length, 0);
    });
  });
}
