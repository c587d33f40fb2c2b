import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { letterPieces } from './dead-letter.ts';
import type { TopicRecord } from './topic-record.ts';

const record: TopicRecord = {
  topic: 'images',
  partition: 3,
  offset: 7n,
  identity: 'cluster:images:3:7',
  key: Buffer.from('key'),
  value: Buffer.from('value'),
  headers: [],
};
const limits = { record: 1_000, piece: 5_000 };
const reason = 'It is bad.';

function letter(changes: Partial<TopicRecord>, why = reason) {
  const [[found] = []] = [...letterPieces([{ record: { ...record, ...changes }, reason: why }], limits)];
  assert(found !== undefined);
  const { key, value, headers } = found;
  const texts = [...headers].map(([name, text]) => [String(name), String(text)] as const);
  return { key, value, headers: Object.fromEntries(texts) as Record<string, string> };
}

describe('a dead letter', () => {
  it('is the record as it came, and says where it was', () => {
    const { headers, ...rest } = letter({ headers: [[Buffer.from('trace'), Buffer.from('abc')]] });
    assert.deepEqual(rest, { key: record.key, value: record.value });
    assert.deepEqual(headers, { trace: 'abc', topic: 'images', partition: '3', offset: '7', reason });
  });

  it('leaves out key and headers that are too long, and says so', () => {
    const long = Buffer.alloc(990, 'x');
    const { key, value, headers } = letter({
      key: Buffer.alloc(2_000),
      headers: [
        [Buffer.from('long'), long],
        [Buffer.from('trace'), Buffer.from('abc')],
      ],
    });
    assert.equal(key, undefined);
    assert.deepEqual(value, record.value);
    assert.equal(headers.trace, 'abc');
    assert.equal(headers.long, undefined);
    assert.match(headers.reason ?? '', /its key of 2000 bytes, 1 of its headers/);
  });

  it('cuts a reason that quotes the record', () => {
    assert.equal(letter({}, 'x'.repeat(100_000)).headers.reason?.length, 500);
  });

  it('counts keys and headers where many go into one request', () => {
    const headers = [[Buffer.from('trace'), Buffer.alloc(400)]] as const;
    const all = Array.from({ length: 30 }, () => ({
      record: { ...record, key: Buffer.alloc(400), headers },
      reason,
    }));
    const sizes = [...letterPieces(all, limits)].map(piece => piece.length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      30,
    );
    assert(Math.max(...sizes) <= 5, `${Math.max(...sizes)} in one request`);
  });
});
