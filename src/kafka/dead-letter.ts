import type { UnreadableRecord } from './partition-lane.ts';
import { recordBytes } from './record-bytes.ts';
import type { TopicRecord } from './topic-record.ts';

/** What each of them says about itself, beside the headers that it came with. */
const names = ['topic', 'partition', 'offset', 'reason'] as const;

/** Characters of a reason: it may quote the record. */
const longestReason = 500;

type Header = readonly [Buffer, Buffer];

/** How large what is put aside may be, in bytes. */
export interface LetterLimits {
  /** Of a record's own key, value and headers together; what does not fit is left out. */
  readonly record: number;
  /** Of one request. */
  readonly piece: number;
}

export type DeadLetter = ReturnType<typeof deadLetter>;

export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letters`;
}

/** In their order, each piece small enough for one request. */
export function* letterPieces(
  unreadable: readonly UnreadableRecord[],
  limits: LetterLimits,
): Generator<DeadLetter[]> {
  let piece: DeadLetter[] = [];
  let bytes = 0;
  for (const each of unreadable) {
    const letter = deadLetter(each, limits.record);
    const { key = null, value = null, headers } = letter;
    const size = recordBytes({ key, value, headers: [...headers] });
    if (piece.length > 0 && bytes + size > limits.piece) {
      yield piece;
      [piece, bytes] = [[], 0];
    }
    piece.push(letter);
    bytes += size;
  }
  yield piece;
}

function deadLetter({ record, reason: why }: UnreadableRecord, limit: number) {
  const { key, value, headers, missing } = fitting(record, limit);
  const cut = missing.length === 0 ? '' : ` Too long to be put aside: ${missing.join(', ')}.`;
  const reason = `${why.slice(0, longestReason)}${cut}`;
  const facts = { topic: record.topic, partition: record.partition, offset: record.offset, reason };
  const ours = names.map(name => [Buffer.from(name), Buffer.from(String(facts[name]))] as const);
  return {
    topic: deadLetterTopic(record.topic),
    headers: new Map([...headers, ...ours]),
    ...(key !== null && { key }),
    ...(value !== null && { value }),
  };
}

/** As much as there is room for, the value first. */
function fitting(record: TopicRecord, limit: number) {
  let room = limit;
  const fits = (bytes: number) => {
    const isIn = bytes <= room;
    if (isIn) room -= bytes;
    return isIn;
  };
  const missing: string[] = [];
  const whole = (name: 'value' | 'key') => {
    const text = record[name];
    if (text === null || fits(text.length)) return text;
    missing.push(`its ${name} of ${text.length} bytes`);
    return null;
  };
  const [value, key] = [whole('value'), whole('key')];
  const theirs = theirHeaders(record);
  const headers = theirs.filter(header => fits(recordBytes({ key: null, value: null, headers: [header] })));
  if (headers.length < theirs.length) missing.push(`${theirs.length - headers.length} of its headers`);
  return { key, value, headers, missing };
}

/** Without those that have the names of ours. */
function theirHeaders({ headers }: TopicRecord): Header[] {
  return headers.flatMap(([name, value]) => {
    const isOurs = names.some(own => name?.equals(Buffer.from(own)));
    return name === null || isOurs ? [] : [[name, value ?? Buffer.alloc(0)] as const];
  });
}
