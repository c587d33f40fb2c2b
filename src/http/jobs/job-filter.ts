import Type from 'typebox';
import { timeValue } from '../time-value.ts';

export const classField = Type.Optional(
  Type.String({ maxLength: 64, description: 'Only jobs with this label.' }),
);

/** For the schema of a request about many jobs. */
export const jobFilterFields = {
  class: classField,
  from: Type.Optional(
    Type.String({ format: 'date-time', description: 'An ISO 8601 time: submitted at or after it' }),
  ),
  to: Type.Optional(
    Type.String({ format: 'date-time', description: 'An ISO 8601 time: submitted before it' }),
  ),
};

/**
 * Which jobs are meant, of those that the caller may see, as the stores take it. Throws `invalid-request` for a time that
 * can't be used.
 */
export function jobFilter(
  given: { class?: string; from?: string; to?: string },
  visibleOwner: string | undefined,
) {
  const { class: label, from, to } = given;
  return {
    ...(visibleOwner !== undefined && { owner: visibleOwner }),
    ...(label !== undefined && { class: label }),
    ...(from !== undefined && { from: timeValue(from, '/from') }),
    ...(to !== undefined && { to: timeValue(to, '/to') }),
  };
}
