import { execFile } from 'node:child_process';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';
import { OwnApt } from './own-apt.ts';
import { cachedProgram } from './program-cache.ts';
import { freePort, ServerProcess } from './server-process.ts';

const run = promisify(execFile);

/** What Prometheus answers to a query. */
interface QueryAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly PrometheusSeries[] };
}

export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A Prometheus that asks one address for its metrics, every second. */
export interface Prometheus extends AsyncDisposable {
  /** Throws what it says of a query that it refuses. */
  query(expression: string): Promise<readonly PrometheusSeries[]>;
}

/** @param target `host:port` of the metrics */
export async function startPrometheus(target: string): Promise<Prometheus> {
  await using cleanup = new AsyncDisposableStack();
  const program = await cachedProgram(`prometheus-${process.platform}-${process.arch}-debian`, download);
  const folder = cleanup.use(await temporaryFolder()).path;
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const settings = path.join(folder, 'prometheus.yml');
  await writeFile(settings, JSON.stringify(configuration(target)));
  cleanup.use(
    await ServerProcess.start({
      command: path.join(program, 'usr/bin/prometheus'),
      args: [
        ...[`--config.file=${settings}`, `--storage.tsdb.path=${path.join(folder, 'data')}`],
        `--web.listen-address=${address}`,
      ],
      options: { cwd: folder },
      isReady: async () => (await fetch(`http://${address}/-/ready`)).ok,
    }),
  );
  const kept = cleanup.move();
  return {
    async query(expression) {
      const query = new URLSearchParams({ query: expression });
      const answer = (await (await fetch(`http://${address}/api/v1/query?${query}`)).json()) as QueryAnswer;
      if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function configuration(target: string) {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'leaf', static_configs: [{ targets: [target] }] }],
  };
}

/** The program alone: it needs no libraries but those that every system has. */
async function download(folder: string): Promise<void> {
  await using apt = await OwnApt.open(
    folder,
    await readFile('/etc/apt/sources.list.d/debian.sources', 'utf8'),
  );
  await apt.run('apt-get', ['-q', 'download', 'prometheus']);
  for await (const archive of glob('*.deb', { cwd: folder })) {
    await run('dpkg', ['-x', archive, folder], { cwd: folder });
    await rm(path.join(folder, archive));
  }
}
