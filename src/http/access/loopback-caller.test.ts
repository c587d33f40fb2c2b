import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackAddress } from './loopback-caller.ts';

test('knows the addresses of this machine from all others', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1']) {
    assert.equal(isLoopbackAddress(address), true, address);
  }
  for (const address of [
    '',
    '10.0.0.1',
    '0.0.0.0',
    '::',
    'fe80::1',
    '::ffff:10.0.0.1',
    '2001:db8::127.0.0.1',
    '1127.0.0.1',
  ]) {
    assert.equal(isLoopbackAddress(address), false, address);
  }
});
