import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { PartialUploadsTable, Tables } from '../tables.ts';

interface Named {
  id: string;
  token: string;
}
interface NewUpload extends Named {
  owner: string;
  filename: string;
  bytes: number;
  leaseMs: number;
}
/** An upload, hidden from other owners where `owner` is given. */
interface OwnedUpload {
  id: string;
  owner: string | null;
}

/** The statements for uploads that come in pieces, each compiled once. */
export class PartialUploadQueries {
  readonly open;
  readonly insert;
  readonly arriving;
  readonly whole;
  readonly lock;
  readonly want;
  readonly renew;
  readonly unlock;
  readonly advance;
  readonly insertWhole;
  readonly remove;
  readonly abandonArriving;
  readonly abandonWhole;
  readonly abandonOld;
  readonly forget;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    const { now, oneOf } = dialect;
    this.open = countOpen(db);
    this.insert = insertUpload(db, dialect);
    this.arriving = findArriving(db);
    this.whole = prepare((p: OwnedUpload) =>
      sql<{ filename: string }>`select filename from uploads
        where id = ${p.id} and owner = coalesce(${p.owner}, owner) and abandoned_at is null`.compile(db),
    );
    this.lock = takeLock(db, dialect);
    this.want = prepare((p: { id: string }) =>
      sql<never>`update partial_uploads set wanted = 1
        where id = ${p.id} and abandoned_at is null`.compile(db),
    );
    this.renew = renewLocks(db, dialect);
    this.unlock = prepare((p: { token: string }) =>
      sql<never>`update partial_uploads set lock_token = null, locked_until = 0, wanted = 0
        where lock_token = ${p.token}`.compile(db),
    );
    this.advance = advanceUpload(db, dialect);
    this.insertWhole = insertWhole(db, dialect);
    this.remove = prepare((p: { id: string }) =>
      sql<never>`delete from partial_uploads where id = ${p.id}`.compile(db),
    );
    this.abandonArriving = prepare((p: { id: string }) =>
      sql<never>`update partial_uploads set abandoned_at = ${now}, locked_until = 0
        where id = ${p.id} and abandoned_at is null`.compile(db),
    );
    this.abandonWhole = prepare((p: { id: string }) =>
      sql<never>`update uploads set abandoned_at = ${now}
        where id = ${p.id} and jobs = 0 and abandoned_at is null`.compile(db),
    );
    this.abandonOld = abandonOld(db, dialect);
    this.forget = prepare((p: { ids: string }) =>
      sql<never>`delete from partial_uploads
        where abandoned_at is not null and id ${oneOf(p.ids)}`.compile(db),
    );
  }
}

function countOpen(db: Kysely<Tables>) {
  return prepare((p: { owner: string; most: number }) =>
    sql<{ uploads: number }>`select count(*) as uploads from (
      select 1 from partial_uploads where owner = ${p.owner} and abandoned_at is null limit ${opaqueNumber(p.most)}
    ) as counted`.compile(db),
  );
}

function findArriving(db: Kysely<Tables>) {
  return prepare((p: OwnedUpload) =>
    sql<Selectable<PartialUploadsTable>>`select * from partial_uploads
      where id = ${p.id} and owner = coalesce(${p.owner}, owner) and abandoned_at is null`.compile(db),
  );
}

function takeLock(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: Named & { leaseMs: number }) =>
    sql<never>`update partial_uploads set lock_token = ${p.token}, locked_until = ${now} + ${p.leaseMs}, wanted = 0
      where id = ${p.id} and abandoned_at is null and locked_until < ${now}`.compile(db),
  );
}

function renewLocks(db: Kysely<Tables>, { now, oneOf }: SqlDialect) {
  return prepare((p: { tokens: string; leaseMs: number }) =>
    sql<{
      lock_token: string;
      wanted: 0 | 1;
    }>`update partial_uploads set locked_until = ${now} + ${p.leaseMs}
      where lock_token ${oneOf(p.tokens)} and abandoned_at is null
      returning lock_token, wanted`.compile(db),
  );
}

function advanceUpload(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: Named & { received: number; pieces: string }) =>
    sql<never>`update partial_uploads
      set received = ${p.received}, pieces = ${p.pieces}, touched_at = ${now}
      where id = ${p.id} and lock_token = ${p.token} and abandoned_at is null`.compile(db),
  );
}

function insertUpload(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: NewUpload) =>
    sql<never>`insert into partial_uploads (
        id, owner, filename, bytes, received, pieces, touched_at, lock_token, locked_until, wanted
      )
      values (
        ${p.id}, ${p.owner}, ${p.filename}, ${p.bytes}, 0, '[]', ${now}, ${p.token}, ${now} + ${p.leaseMs}, 0
      )`.compile(db),
  );
}

function insertWhole(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: Named) =>
    sql<never>`insert into uploads (id, owner, filename, created_at, jobs)
      select id, owner, filename, ${now}, 0 from partial_uploads
      where id = ${p.id} and lock_token = ${p.token} and abandoned_at is null and received = bytes`.compile(
      db,
    ),
  );
}

/** One whose holder lives is renewed, so its lock is never over; what was abandoned before stands first in line. */
function abandonOld(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: { minAgeMs: number; limit: number }) =>
    sql<{ id: string }>`update partial_uploads set abandoned_at = coalesce(abandoned_at, ${now})
      where id in (
        select id from partial_uploads where touched_at < ${now} - ${p.minAgeMs} and locked_until < ${now}
        order by touched_at limit ${opaqueNumber(p.limit)}
      ) returning id`.compile(db),
  );
}
