import { SchemaRegistry } from '../../src/kafka/schema-registry.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import type { KafkaServers } from './kafka-intake.ts';
import { registryUrl } from './servers/apicurio.ts';

/** A client of a schema registry whose calls are counted. */
export interface CountedRegistry extends AsyncDisposable {
  readonly client: SchemaRegistry;
  /** How often it was asked for the schema of this id. */
  calls(id: number): number;
}

export async function countedRegistry({
  registry,
}: Pick<KafkaServers, 'registry'>): Promise<CountedRegistry> {
  const { origin, pathname } = new URL(registryUrl(registry));
  const proxy = await FaultyProxy.start(origin);
  return {
    client: new SchemaRegistry({ url: `${proxy.url}${pathname}` }),
    calls: id => proxy.requests.filter(({ path }) => path.endsWith(`/schemas/ids/${id}`)).length,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}
