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

type Batch = NonNullable<FetchedPartition['records']>[number];

/** Set in the attributes of batches that only mark the end of a transaction. */
const isControl = 0b10_0000;
const isTransactional = 0b1_0000;

/**
 * What is not of an aborted transaction. Batches are stored whole, so the first one may begin before what was asked for.
 */
export function fetchedRecords(fetched: FetchedPartition, { topic, identity, start }: Place): FetchedRecords {
  const partition = fetched.partitionIndex;
  const records: TopicRecord[] = [];
  const aborted = abortedBatches(fetched);
  let next = start;
  for (const batch of fetched.records ?? []) {
    const after = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (after > next) next = after;
    if (batch.attributes & isControl || aborted.has(batch)) continue;
    for (const { offsetDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset < start) continue;
      const record = { topic, partition, offset, identity: `${identity}:${partition}:${offset}` };
      records.push({ ...record, key, value, headers });
    }
  }
  return { records, next };
}

/**
 * As Kafka's own consumer finds them. The client leaves some in: of each producer it looks at its last aborted
 * transaction alone.
 */
function abortedBatches({ records, abortedTransactions }: FetchedPartition): ReadonlySet<Batch> {
  const found = new Set<Batch>();
  const begun = new Set<bigint>();
  const begins = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  for (const batch of records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    while (begins[0] !== undefined && begins[0].firstOffset <= last) {
      begun.add(begins[0].producerId);
      begins.shift();
    }
    if (batch.attributes & isControl) {
      if (isAbort(batch)) begun.delete(batch.producerId);
    } else if (batch.attributes & isTransactional && begun.has(batch.producerId)) found.add(batch);
  }
  return found;
}

/** The key's second number says what became of the transaction. */
function isAbort({ records }: Batch): boolean {
  return records[0]?.key?.readInt16BE(2) === 0;
}
