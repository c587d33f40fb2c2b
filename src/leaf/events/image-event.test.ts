import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BSON } from 'mongodb';
import { newImage } from '../../../test/support/leaf-history.ts';
import { seededNumbers } from '../../../test/support/seeded-numbers.ts';
import { readImageEvent, writeImageEvent } from './image-event.ts';

const document = newImage(7, seededNumbers(1));

suite('An event of an image', () => {
  test('is read as it was written, with and without the photo', () => {
    const { data, has_disease, ...image } = document;
    assert.equal(has_disease, false);
    const event = readImageEvent('potato', writeImageEvent('potato', document));
    assert.deepEqual(event.image, image);
    assert.ok(data && Buffer.from(data.buffer).equals(event.data ?? Buffer.alloc(0)));
    assert.equal(
      'data' in readImageEvent('potato', writeImageEvent('potato', { ...image, has_disease })),
      false,
    );
  });

  test('is refused with the reason when it is another’s, cut off, or wrong in a field', () => {
    const value = writeImageEvent('potato', document);
    const written = BSON.deserialize(value);
    const changed = (image: object) => BSON.serialize({ ...written, image: { ...written.image, ...image } });
    const refusals: [Uint8Array | null, RegExp][] = [
      [null, /no value/],
      [Buffer.from('{"id": 7}'), /not BSON/],
      [value.subarray(0, 1_000), /not BSON/],
      [writeImageEvent('tomato', document), /plant is tomato/],
      [BSON.serialize({ ...written, schema: 2 }), /schema is 2/],
      [BSON.serialize({ ...written, plant: 'x'.repeat(101) }), /plant is x{100}, not potato/],
      [BSON.serialize({ ...written, schema: { toString: 1 } }), /schema is a value of type object/],
      [BSON.serialize({ ...written, plant: { toString: 1 } }), /plant is a value of type object/],
      [BSON.serialize({ plant: 'potato' }), /schema is a value of type undefined/],
      [BSON.serialize({ schema: 1, plant: 'potato' }), /no image/],
      [BSON.serialize({ ...written, data: Buffer.alloc(2_000_000) }), /bytes are more than 2000000/],
      [BSON.serialize({ ...written, data: 'ffd8' }), /data is not binary/],
      [changed({ id: 0 }), /image\.id/],
      [changed({ version: 1.5 }), /image\.version/],
      [changed({ percentage: Number.NaN }), /image\.percentage/],
      [changed({ created_at: '2026-01-05' }), /image\.created_at/],
      [changed({ gps_coordinates: [46] }), /image\.gps_coordinates/],
      [changed({ is_deleted: 0 }), /image\.is_deleted/],
    ];
    for (const [broken, reason] of refusals) {
      assert.throws(() => readImageEvent('potato', broken), { code: 'invalid-record', message: reason });
    }
  });
});
