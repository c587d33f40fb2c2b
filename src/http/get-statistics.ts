import Type from 'typebox';
import { TintypeError } from '../errors/tintype-error.ts';
import { type IntervalKind, intervalKinds, intervalsOf } from '../jobs/intervals.ts';
import { isoTime } from '../jobs/iso-time.ts';
import { longestStatisticsPage, type StatisticsRow } from '../jobs/statistics-store.ts';
import { problems } from '../web/problem.ts';
import type { HttpApp, HttpParts } from './http-parts.ts';
import { classField } from './jobs/job-filter.ts';
import { jobStatusSchema } from './jobs/job-schema.ts';
import { nextCursorField, numericLimit, pageFields, pageOf } from './page-query.ts';
import { timeValue } from './time-value.ts';

const defaultLimit = 200;
/** Each is a search of its own in the job store. Of days these are more than the 400 that are kept. */
const mostIntervals = 1_000;
const dayMs = 86_400_000;
const shortestMs: Readonly<Record<IntervalKind, number>> = { hour: 3_600_000, day: dayMs, month: 28 * dayMs };
const defaultSpanMs = 30 * dayMs;

const querySchema = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        format: 'date-time',
        description: `An ISO 8601 time, at most ${mostIntervals} intervals before \`to\`. Default 30 days before it.`,
      }),
    ),
    to: Type.Optional(
      Type.String({ format: 'date-time', description: 'An ISO 8601 time, exclusive. Default now.' }),
    ),
    interval: Type.Optional(
      Type.Enum([...intervalKinds], { type: 'string', description: 'In UTC. Default day.' }),
    ),
    class: classField,
    ...pageFields(longestStatisticsPage, defaultLimit),
  },
  { additionalProperties: false },
);

const rowSchema = Type.Object({
  start: Type.String({ format: 'date-time', description: 'When the interval begins.' }),
  owner: Type.String(),
  status: jobStatusSchema,
  jobs: Type.Integer({ description: 'Runs of jobs that ended so.' }),
  waitSeconds: Type.Number({
    description: 'From when they could have started until they did, all together.',
  }),
  runSeconds: Type.Number({ description: 'In work, all attempts together.' }),
  bytesIn: Type.Integer({ description: "Of completed jobs' originals." }),
  bytesOut: Type.Integer({ description: 'Of what was stored.' }),
  megapixelsIn: Type.Number(),
  megapixelsOut: Type.Number(),
});

const schema = {
  tags: ['statistics'],
  summary: 'What was done, for a bill',
  description:
    'How many jobs ended in each interval, how long they took, what was read and stored; by interval, owner and ' +
    'status. A retry that ends counts once more. `from` and `to` are widened to whole hours. Kept for 400 days.',
  querystring: querySchema,
  response: {
    200: Type.Object(
      {
        statistics: Type.Array(rowSchema),
        nextCursor: nextCursorField,
      },
      { description: 'A page of rows, oldest interval first; intervals in which nothing ended have none.' },
    ),
    ...problems(400, 403, 503),
  },
};

export function getStatistics(app: HttpApp, { statistics }: HttpParts): void {
  app.get('/statistics', { schema, preValidation: numericLimit }, async ({ query, visibleOwner }) => {
    const { interval = 'day', class: label } = query;
    const to = query.to === undefined ? Date.now() : timeValue(query.to, '/to');
    const from = query.from === undefined ? to - defaultSpanMs : timeValue(query.from, '/from');
    if ((to - from) / shortestMs[interval] > mostIntervals) throw tooLong(interval);
    const filter = {
      ...(visibleOwner !== undefined && { owner: visibleOwner }),
      ...(label !== undefined && { class: label }),
    };
    const page = await statistics.list(filter, intervalsOf(interval, from, to), pageOf(query, defaultLimit));
    return { statistics: page.rows.map(viewRow), nextCursor: page.nextCursor ?? null };
  });
}

function viewRow(row: StatisticsRow) {
  return {
    start: isoTime(row.start),
    owner: row.owner,
    status: row.status,
    jobs: row.jobs,
    waitSeconds: row.waitedMs / 1e3,
    runSeconds: row.ranMs / 1e3,
    bytesIn: row.bytesRead,
    bytesOut: row.bytesStored,
    megapixelsIn: row.pixelsRead / 1e6,
    megapixelsOut: row.pixelsStored / 1e6,
  };
}

function tooLong(interval: IntervalKind): TintypeError {
  const message =
    `/from is more than ${mostIntervals} times the /interval (${interval}) before /to. Ask for a longer interval, ` +
    'or in several requests; statistics are kept for 400 days.';
  return new TintypeError('invalid-request', message, { pointer: '/from' });
}
