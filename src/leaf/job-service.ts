import { Counter } from 'prom-client';
import type { LeafConfig } from '../config/leaf-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { controlJob } from './http/control-job.ts';
import { leafServer } from './http/leaf-server.ts';
import { Job, type JobTask } from './jobs/job.ts';
import { JobLog } from './jobs/job-log.ts';
import type { JobPage } from './jobs/job-page.ts';
import { JobStateFile } from './jobs/job-state.ts';
import type { LeafMetrics } from './leaf-metrics.ts';
import { type LeafService, leafService, type Part } from './leaf-service.ts';

export interface JobServiceParts {
  readonly config: LeafConfig;
  /** Of its file. */
  readonly name: string;
  readonly page: JobPage;
  readonly tasks: readonly JobTask[];
  readonly metrics: LeafMetrics;
  /** What the tasks need. */
  readonly parts?: readonly Part[];
  readonly readiness?: () => Promise<Record<string, string | null>>;
  readonly logger: Logger;
}

/** A job with its page. Throws `invalid-configuration` where its state can't be kept. */
export function jobService({
  config,
  name,
  page,
  tasks,
  metrics,
  logger,
  ...rest
}: JobServiceParts): LeafService {
  const log = new JobLog(logger);
  const runs = new Counter({
    name: 'leaf_job_runs_total',
    help: 'Runs of the job’s tasks that ended, by task and result: done, failed',
    labelNames: ['task', 'result'] as const,
    registers: [metrics.registry],
  });
  const job = new Job({
    tasks,
    file: new JobStateFile(config.LEAF_STATE, name),
    log,
    ended: (task, fault) => runs.inc({ task, result: fault === null ? 'done' : 'failed' }),
  });
  // The page is to be seen whatever is away; a run that fails is tried again at the next interval.
  const readiness = rest.readiness ?? (async () => ({}));
  const http = leafServer({ readiness, spareParts: ['producer', 'consumer'], metrics, logger });
  controlJob(http, page, job, log);
  const service = leafService(
    config,
    http,
    metrics,
    [...(rest.parts ?? []), { stop: () => job.close() }],
    logger,
  );
  return {
    async start() {
      await job.open();
      return await service.start();
    },
    stop: () => service.stop(),
  };
}
