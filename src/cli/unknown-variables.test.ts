import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownVariables } from './unknown-variables.ts';

test('finds variables that were meant for us', () => {
  const meant: [string, string | undefined][] = [
    ['MAX_UPLOAD_BYTE', 'MAX_UPLOAD_BYTES'],
    ['RETENSION', 'RETENTION'],
    ['PROT', 'PORT'],
    ['TINTYPE_PORT', 'PORT'],
    ['MAX_UPLOAD_SIZE', undefined],
    ['OBJECT_STORE', undefined],
  ];
  for (const [variable, name] of meant) {
    const found = name === undefined ? { variable } : { variable, meant: name };
    assert.deepEqual(unknownVariables({ [variable]: '1' }), [found]);
  }
});

test('leaves everybody else’s alone, and our own', () => {
  const others = [
    'HOME',
    'PATH',
    'HOSTNAME',
    'PWD',
    'OLDPWD',
    'SHELL',
    'USER',
    'LANG',
    'NODE_ENV',
    'AWS_REGION',
    'AWS_ENDPOINT_URL_SQS',
  ];
  const env = Object.fromEntries([...others, 'TINTYPE_TEST_DATA', 'PORT'].map(name => [name, '1']));
  assert.deepEqual(unknownVariables({ ...env, MAX_UPLOAD_SIZE: '' }), []);
});
