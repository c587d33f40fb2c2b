import Type from 'typebox';
import { longestPage } from '../jobs/job-store.ts';

export const defaultLimit = 50;

/** For the schema of a list's query: `numericLimit` goes with it. */
export const pageFields = {
  cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'The nextCursor of the page before.' })),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: longestPage,
      description: `How many a page has, 1 to ${longestPage}. Default ${defaultLimit}.`,
    }),
  ),
};

export const nextCursorField = Type.Union([Type.String(), Type.Null()], {
  description: 'Null on the last page.',
});

/** Which page, as the stores take it. */
export function pageOf({ cursor, limit = defaultLimit }: { cursor?: string; limit?: number }) {
  return { limit, ...(cursor !== undefined && { cursor }) };
}

/** Queries are text and the validator coerces nothing, so that JSON bodies are taken as they are. */
export function numericLimit(request: { query: unknown }, _reply: unknown, done: () => void): void {
  const query = request.query as { limit?: unknown };
  if (typeof query.limit === 'string' && /^\d{1,9}$/.test(query.limit)) query.limit = Number(query.limit);
  done();
}
