// Runs the tests: all of them, or the files and folders named. Flags go to Node's test runner.
//   npm test -- src/images --test-name-pattern=orientation
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const allTests = '{src,scripts,test}/**/*.test.ts';
/** Node's own default leaves one core idle, which is half of a small machine. */
const concurrency = Math.max(2, availableParallelism());
/** A test that hangs fails. Milliseconds. */
const timeout = 300_000;

const given = process.argv.slice(2);
const isPlace = (arg: string): boolean => !arg.startsWith('-') && existsSync(arg);
const flags = given.filter(arg => !isPlace(arg));
const places = given.filter(isPlace);
const files = places.length === 0 ? testsIn(root, allTests) : places.flatMap(filesOf);

const runner = spawn(process.execPath, ['--test', ...defaultFlags(flags), ...flags, ...files], {
  cwd: root,
  stdio: 'inherit',
});
runner.on('exit', code => {
  process.exitCode = code ?? 1;
});

function filesOf(place: string): string[] {
  const absolute = path.resolve(place);
  return absolute.endsWith('.ts') ? [absolute] : testsIn(absolute, '**/*.test.ts');
}

function testsIn(folder: string, pattern: string): string[] {
  return globSync(pattern, { cwd: folder })
    .map(file => path.join(folder, file))
    .sort();
}

function defaultFlags(chosen: readonly string[]): string[] {
  const defaults = {
    '--test-concurrency': String(concurrency),
    '--test-timeout': String(timeout),
    '--test-reporter': path.join(root, 'scripts/test-reporter.ts'),
  };
  return Object.entries(defaults)
    .filter(([name]) => !chosen.some(flag => flag === name || flag.startsWith(`${name}=`)))
    .map(([name, value]) => `${name}=${value}`);
}
