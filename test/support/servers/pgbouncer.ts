import { execFile } from 'node:child_process';
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';
import { OwnApt } from './own-apt.ts';
import type { PostgresServer } from './postgres.ts';
import { cachedProgram } from './program-cache.ts';
import { freePort, giveAway, ServerProcess, unprivileged } from './server-process.ts';

const run = promisify(execFile);

/** PgBouncer in front of a Postgres, with transaction pooling. */
export interface PgBouncer extends AsyncDisposable {
  /** A database of the server, through it. */
  url(database: string): string;
}

export async function startPgBouncer({ port: target }: PostgresServer): Promise<PgBouncer> {
  await using cleanup = new AsyncDisposableStack();
  const cached = await cachedProgram(`pgbouncer-${process.platform}-${process.arch}-debian`, download);
  const folder = cleanup.use(await temporaryFolder()).path;
  // Where root's home is root's alone, nobody could not run it there.
  const program = path.join(folder, 'program');
  await cp(cached, program, { recursive: true, verbatimSymlinks: true });
  const port = await freePort();
  const settings = path.join(folder, 'pgbouncer.ini');
  await writeFile(settings, configuration(port, target));
  await giveAway(folder);
  cleanup.use(
    await ServerProcess.start({
      command: path.join(program, 'usr/sbin/pgbouncer'),
      args: [settings],
      options: { cwd: folder, env: { LD_LIBRARY_PATH: path.join(program, 'lib') }, ...unprivileged },
      isReady: output => output.includes('process up'),
    }),
  );
  const kept = cleanup.move();
  return {
    url: database => `postgres://postgres@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Fewer connections to the server than clients have to it, so that they are handed from one to the other; those to the
 * databases of tests that are over go soon.
 */
function configuration(port: number, target: number): string {
  return `
[databases]
* = host=127.0.0.1 port=${target} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_idle_timeout = 0.5
max_client_conn = 200
`;
}

/** The program and those of its libraries that not every system has, out of Debian's packages. */
async function download(folder: string): Promise<void> {
  await using apt = await OwnApt.open(
    folder,
    await readFile('/etc/apt/sources.list.d/debian.sources', 'utf8'),
  );
  const depends = await apt.run('apt-cache', ['depends', 'pgbouncer']);
  const libraries = [...depends.matchAll(/Depends: (lib(?:event|c-ares)\S+)/g)].map(([, name = '']) => name);
  await apt.run('apt-get', ['-q', 'download', 'pgbouncer', ...libraries]);
  await mkdir(path.join(folder, 'lib'));
  for await (const archive of glob('*.deb', { cwd: folder })) {
    await run('dpkg', ['-x', archive, folder], { cwd: folder });
    await rm(path.join(folder, archive));
  }
  for await (const library of glob('usr/lib/*/*.so.*', { cwd: folder })) {
    const target = path.join(folder, 'lib', path.basename(library));
    await cp(path.join(folder, library), target, { verbatimSymlinks: true });
  }
}
