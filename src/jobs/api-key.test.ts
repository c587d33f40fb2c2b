import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshKey, isSecretOf, keyParts } from './api-key.ts';

test('a key is found by its id and known by its secret', () => {
  const { id, text, secretHash } = freshKey();
  const parts = keyParts(text);
  assert.ok(parts);
  assert.equal(parts.id, id);
  assert.equal(isSecretOf(parts.secret, secretHash), true);
  assert.equal(isSecretOf(`${parts.secret}x`, secretHash), false);
  assert.equal(isSecretOf(parts.secret, undefined), false);
  assert.ok(!secretHash.includes(parts.secret));
});

test('no two keys are the same', () => {
  const keys = Array.from({ length: 1_000 }, freshKey);
  assert.equal(new Set(keys.map(({ id }) => id)).size, keys.length);
  assert.equal(new Set(keys.map(({ text }) => text.slice(-43))).size, keys.length);
});

test('takes nothing for a key that is not written like one', () => {
  const { text } = freshKey();
  for (const wrong of [
    '',
    'tt_',
    text.slice(1),
    `${text}a`,
    text.slice(0, -1),
    text.toUpperCase(),
    ` ${text}`,
    `${text}\n`,
  ]) {
    assert.equal(keyParts(wrong), undefined, JSON.stringify(wrong));
  }
});
