// Runs the benchmarks and rewrites the table of docs/benchmarks.md. ROW…: only those, the others' lines stay.
//   npm run bench -- 1 1b
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { figuresCell, writeResults } from './results-page.ts';

const root = path.dirname(import.meta.dirname);

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
}).trim();
const lines = output.split('\n').map(line => JSON.parse(line) as Line);
writeResults(
  path.join(root, 'docs/benchmarks.md'),
  lines.map(({ row, work, peer, goal, figure, ...rest }) => [
    row,
    work,
    peer,
    goal,
    `**${figure}**`,
    figuresCell(rest),
  ]),
);
console.log(output);
