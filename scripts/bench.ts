// Runs the benchmarks and rewrites the table of docs/benchmarks.md. ROW…: only those, the others' lines stay.
//   npm run bench -- 1 1b
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const page = path.join(root, 'docs/benchmarks.md');

interface Line {
  readonly row: string;
  readonly work: string;
  readonly peer: string;
  readonly goal: string;
  readonly figure: number;
  readonly unit: string;
  readonly [more: string]: unknown;
}

const output = execFileSync(process.execPath, ['bench/pipeline.ts', ...process.argv.slice(2)], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const lines = output
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Line);
let text = readFileSync(page, 'utf8');
for (const line of lines) text = withRow(text, line);
writeFileSync(page, text);
console.log(output.trim());

function withRow(before: string, line: Line): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${os.availableParallelism()} × ${os.cpus()[0]?.model.trim()}`;
  const cells = [
    line.row,
    line.work,
    line.peer,
    line.goal,
    `**${line.figure}**`,
    details(line),
    `${date}, ${machine}`,
  ];
  const written = `| ${cells.join(' | ')} |`;
  const present = new RegExp(`^\\| ${line.row} \\|.*$`, 'm');
  return present.test(before) ? before.replace(present, () => written) : `${before.trimEnd()}\n${written}\n`;
}

function details({
  row: _row,
  work: _work,
  peer: _peer,
  goal: _goal,
  figure: _figure,
  ...rest
}: Line): string {
  return Object.entries(rest)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'object' ? JSON.stringify(value).replaceAll('"', '') : value}`,
    )
    .join(', ');
}
