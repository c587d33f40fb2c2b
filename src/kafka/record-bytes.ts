import type { TopicRecord } from './topic-record.ts';

/** About what its lengths take at most, and what a header costs beside its texts. */
const overhead = 16;

/** About how large a record is: value, key and headers. */
export function recordBytes({ key, value, headers }: Pick<TopicRecord, 'key' | 'value' | 'headers'>): number {
  const texts = [key, value, ...headers.flat()];
  const bytes = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  return bytes + overhead * (1 + headers.length);
}
