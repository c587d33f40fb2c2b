// Everything that can be found without running the program. Shows all faults, then one line.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkFolder } from './import-rules.ts';

const root = path.dirname(import.meta.dirname);

const checks: Record<string, () => boolean> = {
  biome: () => runs('@biomejs/biome/bin/biome', 'ci', '.'),
  'import rules': importRules,
  types: () => runs('typescript/bin/tsc', '--noEmit'),
  knip: () => runs('knip/bin/knip.js', '--no-progress'),
};

const failed = Object.entries(checks)
  .filter(([, passes]) => !passes())
  .map(([name]) => name);
console.log(failed.length === 0 ? 'lint: no faults' : `lint: faults found by ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function importRules(): boolean {
  const faults = checkFolder(path.join(root, 'src'));
  for (const { file, line, message } of faults) console.error(`src/${file}:${line} ${message}`);
  return faults.length === 0;
}

/** Runs the JavaScript of an installed tool under this very Node. */
function runs(tool: string, ...args: string[]): boolean {
  const file = path.join(root, 'node_modules', tool);
  return spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' }).status === 0;
}
