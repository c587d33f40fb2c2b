import { TintypeError } from '../../errors/tintype-error.ts';

/** The last job of a page: the next page starts after it. */
export interface JobCursor {
  readonly submittedAt: number;
  readonly id: string;
}

export function encodeJobCursor({ submittedAt, id }: JobCursor): string {
  return Buffer.from(`${submittedAt}.${id}`).toString('base64url');
}

/** Throws `invalid-request` for what `encodeJobCursor` did not make. */
export function decodeJobCursor(cursor: string): JobCursor {
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const [, submittedAt, id] = match ?? [];
  if (
    submittedAt === undefined ||
    id === undefined ||
    encodeJobCursor({ submittedAt: Number(submittedAt), id }) !== cursor
  ) {
    throw new TintypeError('invalid-request', 'This cursor is not one that a list of jobs gave out.', {
      pointer: '/cursor',
    });
  }
  return { submittedAt: Number(submittedAt), id };
}
