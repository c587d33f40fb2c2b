// Builds dist/ and packs the npm package: `npm run pack`, options go to `npm pack`.
// npm runs no prepack under ignore-scripts; a bare `npm pack` fails instead, because .npmrc has it write into dist/,
// which is there only while this runs.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
/** A relative destination starts from the caller's folder, where the package goes without one too. */
const options = process.argv.slice(2);
const destination = options.some(option => option.startsWith('--pack-destination'))
  ? []
  : [`--pack-destination=${process.cwd()}`];

rmSync(dist, { recursive: true, force: true });
try {
  run(process.execPath, path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json');
  copyWhatIsNotTypeScript();
  run('npm', 'pack', ...destination, ...options);
} finally {
  rmSync(dist, { recursive: true, force: true });
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${path.basename(command)} failed${error ? `: ${error.message}` : ''}`);
}

function copyWhatIsNotTypeScript(): void {
  cpSync(path.join(root, 'src'), dist, {
    recursive: true,
    filter: source => !source.endsWith('.ts'),
  });
}
