// Runs the fault tests at full size and rewrites the table of docs/faults.md. ROW…: only those, the others' lines stay; 5
// is 5b as well, and a row without an engine is that row on every engine.
//   npm run faults -- 14 '2 Redis'
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { FaultResult } from '../test/faults/fault.ts';
import { figuresCell, writeResults } from './results-page.ts';

const root = path.dirname(import.meta.dirname);
const rows = process.argv.slice(2);
const files = globSync('test/faults/*.test.ts', { cwd: root })
  .filter(file => rows.length === 0 || rows.some(row => isFileOf(row, path.basename(file))))
  .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));

if (files.length === 0) {
  console.error(`No file in test/faults/ is named for row ${rows.join(' or ')}.`);
  process.exit(2);
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'tintype-faults-'));
const results = path.join(folder, 'results');
// One after the other, so that no row disturbs the figures of another.
const flags = ['--test-concurrency=1', `--test-reporter=${path.join(root, 'scripts/test-reporter.ts')}`];
// Tests are named for their rows; 5 names 5b as well.
if (rows.length > 0) flags.push(`--test-name-pattern=^row (${rows.join('|')})[a-z]?\\b`);
const { status } = spawnSync(process.execPath, ['--test', ...flags, ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TINTYPE_FAULT_RESULTS: results },
});
if (existsSync(results)) {
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  writeResults(
    path.join(root, 'docs/faults.md'),
    lines
      .map(line => JSON.parse(line) as FaultResult)
      .map(({ row, fault, mustShow, passed, figures }) => [
        row,
        fault,
        mustShow,
        passed ? 'yes' : '**no**',
        figuresCell(figures),
      ]),
  );
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

/** Variants stand in the file of their number, or in one of their own: 5b in 5-…, 18b in 18b-…. */
function isFileOf(row: string, file: string): boolean {
  const number = /^\d+/.exec(row)?.[0] ?? row;
  return new RegExp(`^${number}[a-z]?-`).test(file);
}
