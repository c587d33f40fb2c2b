import { TintypeError } from '../../errors/tintype-error.ts';

/** The last row of a page: the next page starts after it. */
export interface StatisticsCursor {
  readonly start: number;
  readonly owner: string;
  readonly status: string;
}

export function encodeStatisticsCursor({ start, owner, status }: StatisticsCursor): string {
  return Buffer.from(JSON.stringify([start, owner, status])).toString('base64url');
}

/** Throws `invalid-request` for what `encodeStatisticsCursor` did not make. */
export function decodeStatisticsCursor(cursor: string): StatisticsCursor {
  const [start, owner, status] = parsed(cursor);
  if (Number.isSafeInteger(start) && typeof owner === 'string' && typeof status === 'string') {
    return { start: Number(start), owner, status };
  }
  throw new TintypeError('invalid-request', 'This cursor is not one that a page of statistics gave out.', {
    pointer: '/cursor',
  });
}

function parsed(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
