import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { optionFields } from './operations.ts';

test('docs/outputs.md explains every option, in the order in which things are done', async () => {
  const page = await readFile(new URL('../../docs/outputs.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].map(([, names = '']) => names);
  const documented = rows.flatMap(names => names.replaceAll('`', '').split(', '));
  assert.deepEqual(documented, ['name', 'filename', ...Object.keys(optionFields)]);
});
