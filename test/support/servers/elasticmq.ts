import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mavenJars } from './maven-jars.ts';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';

const version = '1.7.1';

const settings = `
include classpath("application.conf")
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", sqs-limits = strict }
node-address { protocol = http, host = "127.0.0.1", context-path = "" }
aws { region = "us-east-1", accountId = "000000000000" }
queues-storage { enabled = false }
messages-storage { enabled = true }
queues { }
`;

/** SQS's protocol by ElasticMQ, without queues; what it has acknowledged survives its death by SIGKILL. */
export async function startElasticMq(): Promise<RestartableServer> {
  const jars = await cachedProgram(`elasticmq-${version}`, folder =>
    mavenJars(folder, [`org.elasticmq:elasticmq-server_2.13:${version}`]),
  );
  return RestartableServer.start(async (folder, port) => {
    const config = path.join(folder, 'elasticmq.conf');
    await writeFile(config, settings);
    const properties = {
      'config.file': config,
      'rest-sqs.bind-port': port,
      'node-address.port': port,
      // Without the delay an acknowledged message is on disk.
      'messages-storage.uri': `jdbc:h2:${folder}/messages;WRITE_DELAY=0`,
    };
    return {
      command: 'java',
      args: [
        ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
        ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
        ...['-cp', path.join(jars, '*'), 'org.elasticmq.server.Main'],
      ],
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    };
  });
}

/** What the AWS SDK reads from the environment to reach it. */
export function elasticMqEnvironment({ port }: Pick<RestartableServer, 'port'>): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
