import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const fits = ['cover', 'contain', 'fill', 'inside', 'outside'];

test('finds the word with a letter missing, too many, wrong or swapped', () => {
  for (const typed of ['covr', 'coverr', 'cuver', 'cvoer', 'COVER']) {
    assert.equal(nearest(typed, fits), 'cover', typed);
  }
});

test('guesses nothing from a word that is far from all', () => {
  assert.equal(nearest('zzzz', fits), undefined);
  assert.equal(nearest('x', []), undefined);
});
