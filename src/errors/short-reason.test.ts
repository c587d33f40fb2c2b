import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortReason } from './short-reason.ts';

test('a reason is one line, with what is underneath', () => {
  const cause = new Error('EACCES: permission denied\n    at somewhere');
  assert.equal(
    shortReason(new Error('It can’t be read.', { cause })),
    'It can’t be read. (EACCES: permission denied)',
  );
  assert.equal(shortReason('Error: from another thread\n    at there'), 'from another thread');
});

test('of several tries it tells what the first one failed of', () => {
  const login = new Error('Connection failed.', { cause: new Error('The password is wrong.') });
  const tries = [new AggregateError([login], 'No broker answers.'), new Error('another')];
  assert.equal(
    shortReason(new AggregateError(tries, 'It failed twice.')),
    'It failed twice. (The password is wrong.)',
  );
  assert.equal(shortReason(new AggregateError([new Error('refused')], '')), 'refused');
});
