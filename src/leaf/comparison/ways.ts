/** The ways to keep the consumer's database a copy of the producer's. */
export const ways = {
  'batch-all': { isStream: false, title: 'batch, all images' },
  'batch-changed': { isStream: false, title: 'batch, changed images' },
  'stream-always': { isStream: true, title: 'stream, photo in every event' },
  'stream-once': { isStream: true, title: 'stream, photo once' },
} as const;

export type Way = keyof typeof ways;
export const wayNames = Object.keys(ways) as readonly Way[];

/** Between two batches, as they were made before there was a stream. */
export const batchSeconds = 600;
