import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../temporary-folder.ts';
import { type SecuredListener, startKafka } from './kafka.ts';
import type { RestartableServer } from './restartable-server.ts';
import { freePort } from './server-process.ts';

const run = promisify(execFile);
const password = 'changeit';
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** A broker that is reached without login at its own port, and at another one encrypted and with a login. */
export interface SecuredKafka extends AsyncDisposable {
  readonly kafka: RestartableServer;
  readonly securedPort: number;
  /** The file with its certificate, which nobody else has signed. */
  readonly certificate: string;
  readonly user: { readonly name: string; readonly password: string };
}

export async function startSecuredKafka(): Promise<SecuredKafka> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder());
  const store = path.join(folder.path, 'broker.p12');
  const certificate = path.join(folder.path, 'broker.pem');
  const [keys, facts] = [
    ['-keystore', store, '-storepass', password, '-alias', 'broker'],
    ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc=ca:true', '-validity', '30'],
  ];
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-storetype', 'PKCS12', ...keys, ...facts]);
  await run('keytool', ['-exportcert', '-rfc', '-file', certificate, ...keys]);
  const user = { name: 'tintype', password: 'a-secret' };
  const securedPort = await freePort();
  const kafka = cleanup.use(await startKafka(undefined, listener(securedPort, store, user)));
  const kept = cleanup.move();
  return { kafka, securedPort, certificate, user, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function listener(port: number, store: string, user: SecuredKafka['user']): SecuredListener {
  const modules = 'org.apache.kafka.common.security';
  const plain = `${modules}.plain.PlainLoginModule required user_${user.name}="${user.password}";`;
  const scram = `${modules}.scram.ScramLoginModule required;`;
  const login = 'listener.name.sasl_ssl';
  return {
    protocol: 'SASL_SSL',
    port,
    properties: {
      'sasl.enabled.mechanisms': saslMechanisms.join(),
      [`${login}.plain.sasl.jaas.config`]: plain,
      [`${login}.scram-sha-256.sasl.jaas.config`]: scram,
      [`${login}.scram-sha-512.sasl.jaas.config`]: scram,
      [`${login}.ssl.keystore.location`]: store,
      [`${login}.ssl.keystore.password`]: password,
      [`${login}.ssl.keystore.type`]: 'PKCS12',
    },
    users: saslMechanisms
      .filter(mechanism => mechanism !== 'PLAIN')
      .map(mechanism => `${mechanism}=[name=${user.name},password=${user.password}]`),
  };
}
