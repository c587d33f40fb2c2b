import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readOrMakeKey } from './key-file.ts';
import { SecretBox } from './secret-box.ts';
import { isSigningSecret, newSigningSecret } from './signing-secret.ts';

const key = randomBytes(32).toString('hex');

test('a sealed secret comes back, and looks different each time', () => {
  const box = new SecretBox(key);
  for (const text of ['', 'whsec_abc', 'ümläut 🐈'.repeat(100)]) {
    const [one, other] = [box.seal(text), box.seal(text)];
    assert.notEqual(one, other);
    assert.ok(text === '' || !Buffer.from(one, 'base64').includes(text));
    assert.deepEqual([box.open(one), box.open(other)], [text, text]);
  }
});

test('what is damaged or under another key can not be read', () => {
  const box = new SecretBox(key);
  const sealed = box.seal('whsec_abc');
  const fault = { code: 'invalid-configuration' };
  assert.throws(() => new SecretBox(randomBytes(32).toString('hex')).open(sealed), fault);
  for (const at of [0, 2, 7, 20, -1]) {
    const damaged = Buffer.from(sealed, 'base64');
    damaged.writeUInt8((damaged.at(at) ?? 0) ^ 1, at < 0 ? damaged.length + at : at);
    assert.throws(() => box.open(damaged.toString('base64')), fault, `byte ${at}`);
  }
  assert.throws(() => box.open(''), fault);
});

test('a signing secret is whsec_ and 24 to 64 bytes in base64', () => {
  assert.ok(isSigningSecret(newSigningSecret()));
  assert.notEqual(newSigningSecret(), newSigningSecret());
  for (const bytes of [24, 31, 64]) {
    assert.ok(isSigningSecret(`whsec_${randomBytes(bytes).toString('base64')}`), `${bytes}`);
  }
  const bad = ['', 'whsec_', 'whsec_abc', newSigningSecret().slice(6), `${newSigningSecret()} `];
  for (const bytes of [23, 65]) bad.push(`whsec_${randomBytes(bytes).toString('base64')}`);
  for (const text of bad) assert.ok(!isSigningSecret(text), text);
});

test('the key file is made once, by whoever comes first, and nobody else may read it', async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, 'data', 'secrets.key');
  const keys = await Promise.all(Array.from({ length: 5 }, () => readOrMakeKey(file)));
  assert.equal(new Set(keys).size, 1);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(path.dirname(file)), ['secrets.key']);
  assert.equal(await readOrMakeKey(file), keys[0]);
  await writeFile(file, 'something else');
  await assert.rejects(readOrMakeKey(file), { code: 'invalid-configuration' });
});
