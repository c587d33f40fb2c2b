import { isoTime } from '../jobs/iso-time.ts';
import type { ApiKey } from '../jobs/key-store.ts';

/** A key as JSON shows it, without its secret. */
interface KeyView {
  readonly id: string;
  readonly owner: string;
  readonly admin: boolean;
  readonly created: string;
  readonly lastUsed: string | null;
  readonly revoked: string | null;
}

export function viewKey({ id, owner, isAdmin, createdAt, lastUsedAt, revokedAt }: ApiKey): KeyView {
  const time = (at: number | undefined) => (at === undefined ? null : isoTime(at));
  return {
    id,
    owner,
    admin: isAdmin,
    created: isoTime(createdAt),
    lastUsed: time(lastUsedAt),
    revoked: time(revokedAt),
  };
}

/** Whose it is, in a sentence. */
export function describeKey({ owner, isAdmin }: ApiKey): string {
  return isAdmin ? `the admin ${owner}` : owner;
}
