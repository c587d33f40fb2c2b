import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { UserImage } from '../answers/processed-image.ts';
import { type Config, readConfig } from '../config/config.ts';
import { kafkaConnection } from '../config/kafka-options.ts';
import { TintypeError } from '../errors/tintype-error.ts';

/** Messages sent in one go. */
const atOnce = 500;
const topicVariable = 'KAFKA_TOPIC_USER_IMAGE_TO_PROCESS';

export function produceRecordsCommand(): Command {
  return new Command('produce')
    .argument('<records>', 'a file with one JSON record a line')
    .description(
      'encode records as Avro and send them to the first topic of images to process (docs/kafka.md has a sample)',
    )
    .action(produce);
}

/** Nothing is sent when one of the records is wrong. */
async function produce(file: string): Promise<void> {
  const { connection, topic } = destination(readConfig(process.env));
  const records = await readRecords(file);
  // Loaded only here, because they bring the client libraries.
  const [{ SchemaRegistry }, { RecordWriter }, { recordSchemas }, { TopicProducer }] = await Promise.all([
    import('../kafka/schema-registry.ts'),
    import('../kafka/record-writer.ts'),
    import('../kafka/record-schemas.ts'),
    import('../kafka/topic-producer.ts'),
  ]);
  const registry = new SchemaRegistry(connection.registry);
  const writer = new RecordWriter<UserImage>(registry, topic, recordSchemas.userImageUploaded);
  for (const { line, record } of records) atLine(file, line, () => writer.check(record));
  const messages = [];
  for (const { record } of records)
    messages.push({ key: randomUUID(), value: await writer.write(record), headers: {} });
  const producer = new TopicProducer(connection.kafka, topicVariable);
  try {
    for (let start = 0; start < messages.length; start += atOnce) {
      await producer.send(topic, messages.slice(start, start + atOnce));
    }
  } finally {
    await producer.close();
  }
  console.log(`${messages.length} ${messages.length === 1 ? 'record' : 'records'} sent to ${topic}`);
}

function destination(config: Config) {
  const connection = kafkaConnection(config);
  const [topic] = config.KAFKA_TOPIC_USER_IMAGE_TO_PROCESS ?? [];
  if (connection !== undefined && topic !== undefined) return { connection, topic };
  const needed = `KAFKA_BOOTSTRAP_SERVERS, KAFKA_SCHEMA_REGISTRY_URL and ${topicVariable}`;
  throw new TintypeError('invalid-configuration', `tintype kafka produce needs ${needed}.`);
}

async function readRecords(file: string): Promise<{ line: number; record: UserImage }[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new TintypeError('invalid-request', `${file} can't be read.`, { cause: error });
  }
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line.trim() }));
  return lines
    .filter(({ text }) => text !== '')
    .map(({ line, text }) => ({ line, record: atLine(file, line, () => JSON.parse(text) as UserImage) }));
}

/** Says where in the file it is that something is wrong. */
function atLine<T>(file: string, line: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TintypeError('invalid-request', `${file}, line ${line}: ${reason}`);
  }
}
