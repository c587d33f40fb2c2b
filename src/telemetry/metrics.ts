import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600];
/** How long a scrape waits for the job store, in milliseconds. */
const answerMs = 3_000;

/** What Prometheus reads at `GET /metrics`. One per process of the service; `docs/metrics.md` lists the names. */
export class Metrics {
  readonly registry = new Registry();

  readonly jobsEnded = new Counter({
    name: 'tintype_jobs_ended_total',
    help: 'Jobs that ended here, by status and error code',
    labelNames: ['status', 'code'] as const,
    registers: [this.registry],
  });
  readonly jobSeconds = new Histogram({
    name: 'tintype_job_duration_seconds',
    help: 'Submission to end of jobs that ended here',
    labelNames: ['status'] as const,
    buckets: secondsBuckets,
    registers: [this.registry],
  });
  readonly stageSeconds = new Histogram({
    name: 'tintype_stage_duration_seconds',
    help: 'One attempt, by stage: fetch, render, store',
    labelNames: ['stage'] as const,
    buckets: secondsBuckets,
    registers: [this.registry],
  });
  readonly renderersKilled = new Counter({
    name: 'tintype_renderers_killed_total',
    help: 'Renderer processes ended before their time, by reason: timeout, stalled, memory, cancelled, crashed',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });
  readonly deliveryTrySeconds = new Histogram({
    name: 'tintype_delivery_try_duration_seconds',
    help: 'Tries at deliveries, by kind of target and what came of them: delivered, again, failed',
    labelNames: ['kind', 'result'] as const,
    buckets: secondsBuckets,
    registers: [this.registry],
  });
  readonly intakeEvents = new Counter({
    name: 'tintype_intake_events_total',
    help: 'Events of other systems, by intake and what became of them: taken, known, dead-letter',
    labelNames: ['intake', 'result'] as const,
    registers: [this.registry],
  });
  readonly requestSeconds = new Histogram({
    name: 'tintype_http_request_duration_seconds',
    help: 'HTTP requests, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: secondsBuckets,
    registers: [this.registry],
  });

  readonly jobsExpired = new Counter({
    name: 'tintype_jobs_expired_total',
    help: 'Jobs whose retention was over',
    registers: [this.registry],
  });
  readonly auditDeleted = new Counter({
    name: 'tintype_audit_deleted_objects_total',
    help: 'Objects that the daily audit deleted because no job knew them',
    registers: [this.registry],
  });
  readonly auditMissing = new Gauge({
    name: 'tintype_audit_missing_objects',
    help: 'Objects that jobs name and that the last daily audit did not find',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The queue's depth, asked of the job store at each scrape; left out while that does not answer. */
  gaugeBacklog(read: () => Promise<{ pending: number; processing: number }>): void {
    new Gauge({
      name: 'tintype_jobs',
      help: 'Jobs that have not ended, by status',
      labelNames: ['status'] as const,
      registers: [this.registry],
      async collect() {
        this.reset();
        const backlog = await orNothing(read());
        if (backlog === undefined) return;
        this.set({ status: 'pending' }, backlog.pending);
        this.set({ status: 'processing' }, backlog.processing);
      },
    });
  }

  /** Deliveries under way, asked of the job store at each scrape; left out while that does not answer. */
  gaugeDeliveries(read: () => Promise<{ pending: number; oldest?: number }>): void {
    const readOnce = sharedWhileUnderWay(() => orNothing(read()));
    new Gauge({
      name: 'tintype_deliveries_pending',
      help: 'Deliveries that are neither delivered nor given up',
      registers: [this.registry],
      async collect() {
        this.remove();
        const backlog = await readOnce();
        if (backlog !== undefined) this.set(backlog.pending);
      },
    });
    new Gauge({
      name: 'tintype_delivery_oldest_pending_seconds',
      help: 'How long the oldest of them has been under way; 0 when there is none',
      registers: [this.registry],
      async collect() {
        this.remove();
        const backlog = await readOnce();
        if (backlog === undefined) return;
        this.set(backlog.oldest === undefined ? 0 : Math.max(0, Date.now() - backlog.oldest) / 1000);
      },
    });
  }
}

/** The answer, or undefined where there is none in time: Prometheus waits for 10 s, and the rest is worth telling. */
async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, answerMs, undefined);
  try {
    return await Promise.race([answer, late.promise]);
  } catch {
    // That it is away, and why, is logged and told by `GET /health/ready`.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The metrics of one scrape are asked at once. */
function sharedWhileUnderWay<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
