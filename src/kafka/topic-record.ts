/** A record as it lies in its topic. */
export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Names it among all records of all clusters, also when its topic is deleted and made again under the same name. */
  readonly identity: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** A partition of the group that is this member's, until the group shares them out anew. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is not done. */
  readonly start: bigint;
}

/** Where a group goes on in a partition. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}
