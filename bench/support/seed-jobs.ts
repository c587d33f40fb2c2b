/** Jobs to put into an empty job store. */
export interface Seed {
  readonly count: number;
  readonly status: 'complete' | 'pending';
  /** How many owners they are dealt to in turn: `owner-0` and so on. */
  readonly owners: number;
}

/** What the databases say differently. */
interface Words {
  /** Milliseconds since the epoch. */
  readonly now: string;
  /** As so many hexadecimal digits. */
  readonly hex: (number: string, digits: number) => string;
  /** Done after the rest: what the database does by itself sooner or later. */
  readonly settle: readonly string[];
}

export const sqliteWords: Words = {
  now: 'unixepoch() * 1000',
  hex: (number, digits) => `printf('%0${digits}x', ${number})`,
  settle: ['pragma wal_checkpoint(truncate)'],
};

export const postgresWords: Words = {
  now: 'cast(extract(epoch from now()) as bigint) * 1000',
  hex: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
  settle: ['vacuum analyze', 'checkpoint'],
};

/** Statements for jobs with all that belongs to them, as if they had come one a second before now. */
export function seedJobs({ now, hex, settle }: Words, { count, status, owners }: Seed): readonly string[] {
  const done = status === 'complete' ? 1 : 0;
  const id = [
    hex('submitted_at / 65536', 8),
    hex('submitted_at % 65536', 4),
    "'7000'",
    "'8000'",
    hex('n', 12),
  ].join(" || '-' || ");
  const stored = `'{"name":"thumb","key":"jobs/' || id || '/1/thumb.jpg","width":100,"height":100,"bytes":4000,'
      || '"contentType":"image/jpeg","sha256":"${'a'.repeat(64)}"}'`;
  return [
    'begin',
    `insert into jobs (id, owner, status, priority, class, run, claims, attempts, lost_leases, ran_ms, progress, source,
        submitted_at, not_before, ready, waiting, started_at, ended_at)
      with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count}),
        numbered as (select n, ${now} as now, ${now} - (${count} - n) * 1000 as submitted_at from numbers)
      select ${id}, 'owner-' || (n % ${owners}), '${status}', 1, 'seed', 1, ${done}, ${done}, 0, 20 * ${done}, ${done},
        '{"url":"https://example.org/photo.jpg","filename":"photo.jpg"}', submitted_at, 0, ${1 - done}, 0,
        ${done === 1 ? 'now, now' : 'null, null'}
      from numbered`,
    `insert into outputs (job_id, name, position, owner, filename, options, status, stored)
      select id, 'thumb', 0, owner, 'thumb_photo.jpg', '{"size":"100x100","fit":"cover"}', '${status}',
        ${done === 1 ? stored : 'null'}
      from jobs`,
    `insert into attempts (job_id, attempt, run, worker, started_at, ended_at, result, leftover)
      select id, 1, 1, 'seed', ended_at - 20, ended_at, 'complete', 0 from jobs where status = 'complete'`,
    `insert into events (job_id, owner, status, run, at) select id, owner, status, 1, submitted_at from jobs`,
    'commit',
    ...settle,
  ];
}
