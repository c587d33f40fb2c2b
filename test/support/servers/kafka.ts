import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { mavenJars } from './maven-jars.ts';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';
import { freePort } from './server-process.ts';

const run = promisify(execFile);
const version = '4.3.1';
/** Any 16 bytes in base64url. */
const clusterId = '5L6g3nShT-eMCtK--X86sw';
const java = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx256m'];

/** A second way in, beside the one without login. */
export interface SecuredListener {
  readonly protocol: 'SASL_SSL';
  readonly port: number;
  readonly properties: Readonly<Record<string, string>>;
  /** Users that are there from the first start, as the storage tool wants them. */
  readonly users: readonly string[];
}

/**
 * One Kafka broker that is its own controller, without topics; what it has acknowledged survives its death by SIGKILL.
 * @param advertisedPort where it tells its clients to connect, if that is a proxy in front of it
 */
export async function startKafka(
  advertisedPort?: number,
  secured?: SecuredListener,
): Promise<RestartableServer> {
  const jars = await cachedProgram(`kafka-${version}`, folder =>
    // Without slf4j's simple logger it is silent, and its log is what says that it is ready.
    mavenJars(folder, [`org.apache.kafka:kafka_2.13:${version}`, 'org.slf4j:slf4j-simple:1.7.36']),
  );
  const classes = ['-cp', path.join(jars, '*')];
  return RestartableServer.start(async (folder, port) => {
    const file = path.join(folder, 'server.properties');
    const listeners = [`PLAINTEXT://127.0.0.1:${advertisedPort ?? port}`, ...securedAddress(secured)];
    const own = properties(folder, port, await freePort(), listeners);
    await writeFile(file, lines({ ...own, ...secured?.properties }));
    const users = (secured?.users ?? []).flatMap(user => ['--add-scram', user]);
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...users];
    await run('java', [...java, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', ...classes, ...format]);
    return {
      command: 'java',
      args: [...java, ...classes, 'kafka.Kafka', file],
      // Its port opens before it can make topics.
      isReady: output => output.includes('Kafka Server started'),
    };
  });
}

function securedAddress(listener: SecuredListener | undefined): string[] {
  return listener === undefined ? [] : [`${listener.protocol}://127.0.0.1:${listener.port}`];
}

function lines(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** @param advertised where it tells its clients to connect */
function properties(folder: string, port: number, controllerPort: number, advertised: readonly string[]) {
  const [, ...others] = advertised;
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`, ...others, `CONTROLLER://127.0.0.1:${controllerPort}`];
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: listeners.join(),
    'advertised.listeners': advertised.join(),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': path.join(folder, 'data'),
    // One node can't replicate; few partitions start fast.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'message.max.bytes': 8_388_608,
    'replica.fetch.max.bytes': 8_388_608,
    // The defaults are made for larger heaps.
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'log.index.size.max.bytes': 1_048_576,
    // After its death it waits until its old session is over; the default is 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
  };
}
