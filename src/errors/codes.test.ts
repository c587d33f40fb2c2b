import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { codes } from './codes.ts';

test('docs/errors.md explains every code with its true status and whether trying again can help', async () => {
  const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (yes|no) \| \S/gm)];
  const documented = Object.fromEntries(
    rows.map(([, code, status, again]) => [code, { status: Number(status), retryable: again === 'yes' }]),
  );
  assert.deepEqual(documented, codes);
});
