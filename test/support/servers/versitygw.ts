import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';
import { onFreePorts, type S3Server, s3Access, withBucket } from './s3-server.ts';

const run = promisify(execFile);
const version = '1.8.0';

/** It can be ended and started again on the same objects. */
export interface RestartableS3Server extends S3Server {
  readonly server: RestartableServer;
}

/** S3 on a folder. It has no lifecycle rules, and a key can't be an object and the start of another key at once. */
export async function startVersitygw(): Promise<RestartableS3Server> {
  const program = await cachedProgram(`versitygw-${process.platform}-${process.arch}-${version}`, build);
  return onFreePorts(() => start(program));
}

async function start(program: string): Promise<RestartableS3Server> {
  await using cleanup = new AsyncDisposableStack();
  const server = await RestartableServer.start(async (folder, port) => {
    const data = path.join(folder, 'data');
    await mkdir(data);
    return {
      command: path.join(program, 'versitygw'),
      args: ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', data],
      options: {
        cwd: folder,
        env: {
          ROOT_ACCESS_KEY: s3Access.accessKeyId,
          ROOT_SECRET_KEY: s3Access.secretAccessKey,
          // With it, uploads in chunks fail at random with 400.
          VGW_KEEP_ALIVE: 'false',
        },
      },
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/`)).status > 0,
    };
  });
  return { ...(await withBucket(server.port, server, cleanup.move())), server };
}

/** About a minute on two cores. */
async function build(folder: string): Promise<void> {
  await run(
    'go',
    ['install', '-trimpath', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@v${version}`],
    { cwd: folder, env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } },
  );
}
