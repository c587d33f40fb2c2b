import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestRetentionMs, parseRetention, writeRetention } from './retention.ts';

test('a retention is a whole number with a unit', () => {
  assert.equal(parseRetention('1s'), 1_000);
  assert.equal(parseRetention('30m'), 1_800_000);
  assert.equal(parseRetention('12h'), 43_200_000);
  assert.equal(parseRetention('7d'), 604_800_000);
  assert.equal(parseRetention('3650d'), longestRetentionMs);
});

test('it is written in the largest unit that fits', () => {
  for (const text of ['1s', '90s', '30m', '12h', '7d']) {
    assert.equal(writeRetention(parseRetention(text) ?? 0), text);
  }
  assert.equal(writeRetention(parseRetention('48h') ?? 0), '2d');
});

test('anything else is none', () => {
  for (const text of [
    '',
    '7',
    'd',
    '0s',
    '07d',
    '1.5h',
    '-1d',
    '7 d',
    '7D',
    '1w',
    'P7D',
    '3651d',
    '999999999d',
    '7d\n',
  ])
    assert.equal(parseRetention(text), undefined, text);
});
