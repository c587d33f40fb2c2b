import Type from 'typebox';
import { longestPage } from '../jobs/job-store.ts';
import { nullable } from '../web/nullable.ts';
import { numericFields } from '../web/numeric-fields.ts';

const defaultLimit = 50;

/** For the schema of a list's query: `numericLimit` goes with it. */
export function pageFields(most = longestPage, standard = defaultLimit) {
  return {
    cursor: Type.Optional(
      Type.String({ maxLength: 1024, description: 'The nextCursor of the page before.' }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: most,
        description: `How many a page has at most, 1 to ${most}. Default ${standard}.`,
      }),
    ),
  };
}

export const nextCursorField = nullable(Type.String(), {
  description: 'Null on the last page.',
});

/** Which page, as the stores take it. */
export function pageOf({ cursor, limit }: { cursor?: string; limit?: number }, standard = defaultLimit) {
  return { limit: limit ?? standard, ...(cursor !== undefined && { cursor }) };
}

export const numericLimit = numericFields('limit');
