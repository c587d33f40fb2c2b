import { randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { makeFolder, privateMode } from '../program/make-folder.ts';

/**
 * The key in a file that only its owner may read, which is made with a random key where there is none: 32 bytes in
 * hexadecimal digits. Throws `invalid-configuration` when the file holds something else.
 */
export async function readOrMakeKey(file: string): Promise<string> {
  const key = (await read(file)) ?? (await make(file));
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  throw new TintypeError('invalid-configuration', `${file} holds no key: 64 hexadecimal digits.`);
}

async function read(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, and never over another: what was sealed under a key that is lost can't be read again. */
async function make(file: string): Promise<string> {
  const folder = path.dirname(file);
  makeFolder(folder, privateMode);
  const draft = `${file}.${randomUUID()}`;
  try {
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(`${randomBytes(32).toString('hex')}\n`);
    await handle.sync();
    await link(draft, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await using entries = await open(folder, 'r');
  await entries.sync();
  return (await readFile(file, 'utf8')).trim();
}
