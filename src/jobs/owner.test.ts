import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOwner, localOwner } from './owner.ts';

test('takes names that are folders of their own everywhere', () => {
  for (const name of [localOwner, 'a', '7', 'acme', 'acme.example', 'team-2_b', 'x'.repeat(64)])
    checkOwner(name);
});

test('refuses names that lead elsewhere, or to the folder of another owner', () => {
  const names = [
    '',
    '.',
    '..',
    '.hidden',
    'a/b',
    'a\\b',
    '../a',
    'Acme',
    'acme.',
    '-a',
    'a b',
    'é',
    'a\n',
    'a%2fb',
  ];
  for (const name of [...names, 'x'.repeat(65)]) {
    assert.throws(() => checkOwner(name), { code: 'invalid-request' }, JSON.stringify(name));
  }
});
