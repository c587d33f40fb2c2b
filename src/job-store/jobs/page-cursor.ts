import { TintypeError } from '../../errors/tintype-error.ts';

/** The last job of a page: the next page starts after it. */
export interface PageCursor {
  readonly submittedAt: number;
  readonly id: string;
}

export function encodeCursor({ submittedAt, id }: PageCursor): string {
  return Buffer.from(`${submittedAt}.${id}`).toString('base64url');
}

/** Throws `invalid-request` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string): PageCursor {
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const [, submittedAt, id] = match ?? [];
  if (
    submittedAt === undefined ||
    id === undefined ||
    encodeCursor({ submittedAt: Number(submittedAt), id }) !== cursor
  ) {
    throw new TintypeError('invalid-request', 'This cursor is not one that a list of jobs gave out.', {
      pointer: '/cursor',
    });
  }
  return { submittedAt: Number(submittedAt), id };
}
