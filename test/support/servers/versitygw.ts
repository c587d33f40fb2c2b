import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';
import { cachedProgram } from './program-cache.ts';
import { onFreePorts, type S3Server, s3Access, withBucket } from './s3-server.ts';
import { freePort, ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const version = '1.8.0';

/** S3 on a folder. It has no lifecycle rules, and a key can't be an object and the start of another key at once. */
export async function startVersitygw(): Promise<S3Server> {
  const program = await cachedProgram(`versitygw-${process.platform}-${process.arch}-${version}`, build);
  return onFreePorts(() => start(program));
}

async function start(program: string): Promise<S3Server> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const data = path.join(folder, 'data');
  await mkdir(data);
  const port = await freePort();
  const server = await ServerProcess.start({
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
  });
  return withBucket(port, server, cleanup.move());
}

/** About a minute on two cores. */
async function build(folder: string): Promise<void> {
  await run(
    'go',
    ['install', '-trimpath', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@v${version}`],
    { cwd: folder, env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } },
  );
}
