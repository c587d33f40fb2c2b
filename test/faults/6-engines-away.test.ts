import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { doubleObjects, doubleObjectsOnS3 } from '../support/double-objects.ts';
import { eventually } from '../support/eventually.ts';
import { type JobQueueEngine, jobQueueEngines } from '../support/job-queue-engines.ts';
import { LoadedService } from '../support/loaded-service.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { s3Environment } from '../support/servers/s3-server.ts';
import { freePort } from '../support/servers/server-process.ts';
import { blackHole, type Toxic, type ToxicProxy, Toxiproxy } from '../support/servers/toxiproxy.ts';
import { startVersitygw } from '../support/servers/versitygw.ts';
import { onPostgres } from '../support/service-engines.ts';
import { fault, isFullSize, type Report } from './fault.ts';

const patienceMs = 120_000;
const mustShow = '0 lost, 0 double; no restart of ours needed';
/** A few turns of the load. */
const windowMs = isFullSize ? 4_800 : 1_200;
/** S3 may be silent for 30 s before a request counts as lost. On a busy machine a rate says little. */
const withinSeconds = { stopped: isFullSize ? 30 : 200, silent: isFullSize ? 60 : 200 };
const what = 'engines that go away';
const postgres = await realServer(what, () => PostgresServer.start());
const toxiproxy = await realServer(what, () => Toxiproxy.start());
after(async () => {
  await toxiproxy?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

if (postgres !== undefined && toxiproxy !== undefined) {
  stopped(postgres);
  disturbed('6b', 'Postgres and S3', () => storesBehind(postgres, toxiproxy));
  for (const queue of jobQueueEngines) {
    if (!isFullSize && queue.name !== 'Redis') continue;
    disturbed(`6b ${queue.name}`, queue.name, () => queueBehind(postgres, toxiproxy, queue));
  }
}

function stopped(server: PostgresServer): void {
  const row = {
    row: '6',
    fault: 'Postgres stopped at once (SIGQUIT) again and again, and then away for a while',
    mustShow: `${mustShow}; full rate in 30 s`,
    inTests: { stops: 0, awaySeconds: 1 },
    full: { stops: 10, awaySeconds: 30 },
  };
  fault(row, async ({ stops, awaySeconds }, report) => {
    await using engines = await onPostgres(server);
    await using service = await LoadedService.start(engines.env, engines.databaseUrl, windowMs);
    const backAfter: number[] = [];
    for (let stop = 0; stop <= stops; stop += 1) {
      const seconds = await service.disturbedBy(async () => {
        await server.end('SIGQUIT');
        if (stop === stops) await setTimeout(awaySeconds * 1000);
        await server.startAgain();
      });
      backAfter.push(seconds);
    }
    report('stopped at once, times', stops);
    report('seconds away at last', awaySeconds);
    const doubles = () => doubleObjects(engines.folder);
    await tell(report, service, doubles, backAfter, withinSeconds.stopped);
  });
}

/** An engine that others reach through a proxy. */
interface Disturbable {
  end(signal: NodeJS.Signals): Promise<void>;
  startAgain(): Promise<void>;
  pause(): Promise<void> | void;
  resume(): void;
}

interface Behind extends AsyncDisposable {
  readonly env: Record<string, string>;
  readonly databaseUrl: string;
  /** Jobs with more objects than one, or none. */
  doubles(): Promise<number>;
  /** With their names and proxies. */
  readonly engines: readonly [string, Disturbable, ToxicProxy][];
}

function disturbed(number: string, names: string, open: () => Promise<Behind | undefined>): void {
  const row = {
    row: number,
    fault: `${names}: killed, away, paused, and behind a proxy that drops, delays and cuts connections`,
    mustShow: `${mustShow}; full rate in 60 s`,
    inTests: { ms: 500, kinds: number === '6b' ? ['cut'] : ['killed'] },
    full: { ms: 5_000, kinds: ['killed', 'away', 'paused', 'black-holed', 'delayed', 'cut'] },
  };
  fault(row, async ({ ms, kinds }, report) => {
    await using opened = await open();
    if (opened === undefined) return;
    await using service = await LoadedService.start(opened.env, opened.databaseUrl, windowMs);
    const backAfter: number[] = [];
    for (const [name, engine, proxy] of opened.engines) {
      for (const [kind, disturb] of Object.entries(disturbances(engine, proxy, ms))) {
        if (!kinds.includes(kind)) continue;
        const seconds = await service.disturbedBy(disturb);
        backAfter.push(seconds);
        report(`${name} ${kind}: full rate after seconds`, seconds);
      }
    }
    await tell(report, service, opened.doubles, backAfter, withinSeconds.silent);
  });
}

async function tell(
  report: Report,
  service: LoadedService,
  doubles: () => Promise<number>,
  backAfter: readonly number[],
  within: number,
): Promise<void> {
  const { sent, usual } = service;
  const slowest = Math.max(...backAfter);
  const ended = await service.allComplete();
  report('full rate, jobs a second', Math.round((usual * 1000) / windowMs));
  report('seconds over which it is measured', windowMs / 1000);
  report('jobs accepted', sent.ids.length);
  report('submissions answered 503 and sent again', sent.refused);
  report('jobs of lost answers', sent.untold);
  report('complete', ended.length);
  report('full rate after seconds at most', slowest);
  assert.ok(slowest <= within, `${slowest} s`);
  await eventually(async () => (await doubles()) === 0, 'all is swept', patienceMs);
  report('double', await doubles());
}

/** Each resolves when it is over. */
function disturbances(
  engine: Disturbable,
  proxy: ToxicProxy,
  ms: number,
): Record<string, () => Promise<void>> {
  const poisoned = (toxic: Toxic) => async () => {
    await proxy.poison(toxic);
    await setTimeout(ms);
    await proxy.heal();
  };
  const away = async (time: number) => {
    await engine.end(engine instanceof PostgresServer ? 'SIGQUIT' : 'SIGKILL');
    await setTimeout(time);
    await engine.startAgain();
  };
  return {
    killed: () => away(0),
    away: () => away(ms),
    async paused() {
      await engine.pause();
      await setTimeout(ms);
      engine.resume();
    },
    'black-holed': poisoned(blackHole),
    delayed: poisoned({ type: 'latency', attributes: { latency: 500, jitter: 300 } }),
    cut: poisoned({ type: 'reset_peer', attributes: { timeout: 0 } }),
  };
}

async function storesBehind(server: PostgresServer, proxies: Toxiproxy): Promise<Behind | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const s3 = await realServer(`${what} (S3)`, startVersitygw);
  if (s3 === undefined) return undefined;
  cleanup.use(s3);
  const stores = cleanup.use(await onPostgres(server));
  const forPostgres = await proxies.inFrontOf(server.port);
  const forS3 = await proxies.inFrontOf(s3.server.port);
  const env = {
    ...stores.env,
    DATABASE_URL: stores.databaseUrl.replace(`:${server.port}/`, `:${forPostgres.port}/`),
    ...s3Environment({ ...s3, endpoint: `http://127.0.0.1:${forS3.port}` }),
  };
  const engines: Behind['engines'] = [
    ['Postgres', server, forPostgres],
    ['S3', s3.server, forS3],
  ];
  const kept = cleanup.move();
  return {
    env,
    databaseUrl: stores.databaseUrl,
    engines,
    doubles: () => doubleObjectsOnS3(s3),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function queueBehind(
  server: PostgresServer,
  proxies: Toxiproxy,
  queue: JobQueueEngine,
): Promise<Behind | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const port = await freePort();
  const broker = await realServer(`${what} (${queue.name})`, () => queue.start(port));
  if (broker === undefined) return undefined;
  cleanup.use(broker);
  const stores = cleanup.use(await onPostgres(server));
  const proxy = await proxies.inFrontOf(broker.port, port);
  const env = { ...stores.env, ...(await queue.environment(broker, port)) };
  const engines: Behind['engines'] = [[queue.name, broker, proxy]];
  const kept = cleanup.move();
  return {
    env,
    databaseUrl: stores.databaseUrl,
    engines,
    doubles: () => doubleObjects(stores.folder),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
