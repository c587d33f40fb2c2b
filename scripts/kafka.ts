// Starts a Kafka broker and a schema registry on this machine, without data, and ends them with Ctrl-C: `npm run kafka`.
// They are those of the tests; docs/kafka.md says what to do with them.
import { once } from 'node:events';
import { registryUrl, startApicurio } from '../test/support/servers/apicurio.ts';
import { startKafka } from '../test/support/servers/kafka.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
await using kafka = await startKafka();
await using registry = await startApicurio();
console.log(`export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:${kafka.port}`);
console.log(`export KAFKA_SCHEMA_REGISTRY_URL=${registryUrl(registry)}`);
// A signal alone keeps no process alive.
const staying = setInterval(() => {}, 60_000);
if (!stop.signal.aborted) await once(stop.signal, 'abort');
clearInterval(staying);
