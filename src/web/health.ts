import Type from 'typebox';
import type { HttpApp } from './http-app.ts';
import { nullable } from './nullable.ts';
import { problems, retryAfterSeconds } from './problem.ts';

const freshMs = 1_000;

/** Each part with what is wrong with it, or null. */
export type Readiness = () => Promise<Record<string, string | null>>;

const readinessSchema = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'unavailable'], { type: 'string' }),
  parts: Type.Record(Type.String(), nullable(Type.String()), {
    description: 'Each part, with what is wrong with it or null.',
  }),
});

export const liveSchema = {
  tags: ['operation'],
  summary: 'Whether the process answers',
  response: {
    200: Type.Object({ status: Type.Literal('ok') }, { description: 'It does.' }),
    ...problems(403),
  },
};

const readySchema = {
  tags: ['operation'],
  summary: 'Whether every part is ready for work',
  response: {
    200: Type.Unsafe({
      ...readinessSchema,
      description: 'All parts are ready, or at least all that it can’t do without.',
    }),
    503: Type.Unsafe({ ...readinessSchema, description: 'A part that it can’t do without is not.' }),
    ...problems(403),
  },
};

/**
 * `GET /health/live` and `GET /health/ready`.
 * @param spareParts while one of these is away, requests are answered all the same
 */
export function health(app: HttpApp, check: Readiness, spareParts: ReadonlySet<string>): void {
  const readiness = shared(check);
  app.get('/health/live', { schema: liveSchema }, async () => ({ status: 'ok' as const }));
  app.get('/health/ready', { schema: readySchema }, async (_request, reply) => {
    const faults = await readiness();
    const away = Object.keys(faults).filter(part => faults[part] !== null);
    const isReady = away.every(part => spareParts.has(part));
    const status = !isReady ? 'unavailable' : away.length > 0 ? 'degraded' : 'ok';
    if (!isReady) void reply.header('retry-after', retryAfterSeconds);
    return reply.code(isReady ? 200 : 503).send({ status, parts: faults });
  });
}

/** Whoever asks while the answer is fresh gets the same: anybody may ask, and each check is work for every part. */
function shared<T>(check: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let since = 0;
  return () => {
    const now = performance.now();
    if (answer !== undefined && now - since < freshMs) return answer;
    since = now;
    answer = check();
    return answer;
  };
}
