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
