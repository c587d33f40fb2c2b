import type { Consumer } from './kafka-clients.ts';
import type { TopicRecord } from './topic-record.ts';

type FetchedPartition = Awaited<ReturnType<Consumer['fetch']>>['responses'][number]['partitions'][number];

/** What a fetch brought of one partition. */
export interface FetchedRecords {
  readonly records: readonly TopicRecord[];
  /** Where the next fetch begins. */
  readonly next: bigint;
}

interface Place {
  readonly topic: string;
  /** Of cluster and topic. */
  readonly identity: string;
  /** Where this fetch began. */
  readonly start: bigint;
}

/** Set in the attributes of batches that only mark the end of a transaction. */
const isControl = 0b10_0000;

/** Batches are stored whole, so the first one may begin before what was asked for. */
export function fetchedRecords(fetched: FetchedPartition, { topic, identity, start }: Place): FetchedRecords {
  const partition = fetched.partitionIndex;
  const records: TopicRecord[] = [];
  let next = start;
  for (const batch of fetched.records ?? []) {
    const after = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (after > next) next = after;
    if (batch.attributes & isControl) continue;
    for (const { offsetDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset < start) continue;
      const record = { topic, partition, offset, identity: `${identity}:${partition}:${offset}` };
      records.push({ ...record, key, value, headers });
    }
  }
  return { records, next };
}
