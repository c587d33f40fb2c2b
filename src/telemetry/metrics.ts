import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600];

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
    help: 'Renderer processes ended before their time, by reason: timeout, memory, cancelled, crashed',
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

  /** The queue's depth, asked of the job store at each scrape. */
  gaugeBacklog(read: () => Promise<{ pending: number; processing: number }>): void {
    new Gauge({
      name: 'tintype_jobs',
      help: 'Jobs that have not ended, by status',
      labelNames: ['status'] as const,
      registers: [this.registry],
      async collect() {
        const { pending, processing } = await read();
        this.set({ status: 'pending' }, pending);
        this.set({ status: 'processing' }, processing);
      },
    });
  }

  /** Deliveries under way, asked of the job store at each scrape. */
  gaugeDeliveries(read: () => Promise<{ pending: number; oldest?: number }>): void {
    const pending = new Gauge({
      name: 'tintype_deliveries_pending',
      help: 'Deliveries that are neither delivered nor given up',
      registers: [this.registry],
      async collect() {
        const backlog = await read();
        pending.set(backlog.pending);
        oldest.set(backlog.oldest === undefined ? 0 : Math.max(0, Date.now() - backlog.oldest) / 1000);
      },
    });
    const oldest = new Gauge({
      name: 'tintype_delivery_oldest_pending_seconds',
      help: 'How long the oldest of them has been under way; 0 when there is none',
      registers: [this.registry],
    });
  }
}
