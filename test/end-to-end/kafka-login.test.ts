import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { kafkaIntakeVariables, userImage } from '../support/kafka-intake.ts';
import { KafkaTopic, recordsOf } from '../support/kafka-topic.ts';
import { tintype } from '../support/program.ts';
import { startApicurio } from '../support/servers/apicurio.ts';
import { realServer } from '../support/servers/real-server.ts';
import { type SecuredKafka, saslMechanisms, startSecuredKafka } from '../support/servers/secured-kafka.ts';
import { Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const servers = await realServer('Kafka with logins and TLS', startServers);

if (servers !== undefined) {
  const { secured, registry } = servers;
  const { kafka } = secured;

  suite('Kafka with logins and TLS', () => {
    after(() => servers[Symbol.asyncDispose]());

    for (const mechanism of saslMechanisms) {
      test(`takes events and tells of them, logged in by ${mechanism}`, async () => {
        await using topic = await KafkaTopic.create(kafka);
        const processed = `${topic.name}-processed`;
        const env = {
          ...kafkaIntakeVariables({ kafka, registry }, topic, processed),
          ...login(secured, mechanism),
        };
        await using _service = await Service.start(env);
        assert.deepEqual(await produceOne(env), {
          code: 0,
          stdout: `1 record sent to ${topic.name}\n`,
          stderr: '',
        });
        const told = async () => (await recordsOf(kafka, processed).catch(() => [])).length === 1;
        await eventually(told, 'it was told of', 60_000);
      });
    }

    test('says what is wrong with a login or a certificate', async () => {
      await using topic = await KafkaTopic.create(kafka);
      const env = {
        ...kafkaIntakeVariables({ kafka, registry }, topic, 'processed'),
        ...login(secured, 'PLAIN'),
      };
      const wrong: [change: Record<string, string>, message: RegExp][] = [
        [{ KAFKA_SASL_PASSWORD: 'another' }, /authentication|password/i],
        [{ NODE_EXTRA_CA_CERTS: '' }, /certificate/i],
      ];
      for (const [change, message] of wrong) {
        const { code, stdout, stderr } = await produceOne({ ...env, ...change });
        assert.deepEqual([code, stdout], [78, ''], stderr);
        assert.match(stderr, message);
        assert.equal(stderr.includes('another'), false, 'no secret is told');
      }
    });
  });
}

async function startServers() {
  await using cleanup = new AsyncDisposableStack();
  const [secured, registry] = await Promise.all([
    startSecuredKafka().then(server => cleanup.use(server)),
    startApicurio().then(server => cleanup.use(server)),
  ]);
  const kept = cleanup.move();
  return { secured, registry, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function login({ securedPort, certificate, user }: SecuredKafka, mechanism: string) {
  return {
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${securedPort}`,
    KAFKA_TLS: 'true',
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: user.name,
    KAFKA_SASL_PASSWORD: user.password,
    NODE_EXTRA_CA_CERTS: certificate,
  };
}

/** Of an image that can't be had. */
async function produceOne(env: Readonly<Record<string, string>>) {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, 'records.json');
  await writeFile(file, JSON.stringify(userImage('not an address', 0)));
  return await tintype(['kafka', 'produce', file], { env });
}
