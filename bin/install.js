// Installs a clone's dependencies before anything that needs them is loaded. Node's own modules alone, for Node 20.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

const pollMs = 200;
/** A lock this old was left behind, whoever has its process id now. */
const longestInstallMs = 15 * 60_000;

/** Runs `npm ci` if node_modules is missing or older than package-lock.json; one launcher at a time. Exits if npm fails. */
export async function installWhatIsMissing(projectRoot) {
  const lock = path.join(projectRoot, '.installing');
  for (let told = false; !isInstalled(projectRoot); told = true) {
    if (tryTake(lock)) return installAndRelease(projectRoot, lock);
    if (!told) process.stderr.write(`Waiting for another installation to end (${lock}) …\n`);
    await setTimeout(pollMs);
  }
}

async function installAndRelease(projectRoot, lock) {
  // Another launcher may have finished just before the lock was taken.
  const fault = isInstalled(projectRoot) ? undefined : await install(projectRoot, lock);
  rmSync(lock, { force: true });
  if (fault === undefined) return;
  process.stderr.write(`${fault}\n`);
  process.exit(1);
}

/** npm writes node_modules/.package-lock.json last, so an installation that was cut off does not count. */
function isInstalled(projectRoot) {
  const modified = file => (existsSync(file) ? statSync(file).mtimeMs : 0);
  const installed = modified(path.join(projectRoot, 'node_modules', '.package-lock.json'));
  return installed > 0 && installed >= modified(path.join(projectRoot, 'package-lock.json'));
}

async function install(projectRoot, lock) {
  process.stderr.write('Installing what is missing (npm ci) …\n');
  // A clone needs its tools and its Node 24 also where NODE_ENV or the user's npm settings leave them out.
  const included = ['--include=dev', '--include=optional'];
  const npm = spawn(
    'npm',
    ['ci', '--ignore-scripts', ...included, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: projectRoot,
      // npm's own output goes to stderr: stdout belongs to the command.
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  );
  // npm goes on if this launcher is killed: then the next one waits for it.
  if (npm.pid) writeFileSync(lock, String(npm.pid));
  try {
    const [status] = await once(npm, 'exit');
    return status === 0 ? undefined : 'npm ci failed: see its message above.';
  } catch (error) {
    return `npm could not be started: ${error.message}`;
  }
}

/** The lock is a file with the process id of its holder, a launcher or its npm; one whose holder is gone is removed. */
function tryTake(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const isOld = Date.now() - statSync(lock).mtimeMs > longestInstallMs;
    const holder = Number(readFileSync(lock, 'utf8'));
    // Empty: its holder is about to write its process id.
    if (isOld || (holder > 0 && !isRunning(holder))) rmSync(lock, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return false;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
