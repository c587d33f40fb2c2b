import type { Selectable } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { GroupReport, ReportedPart } from '../../jobs/group-report.ts';
import type { GroupTarget, NewExport, RefusedPart } from '../../jobs/intake-store.ts';
import type { Failure, Job } from '../../jobs/job.ts';
import type { NewDelivery } from '../deliveries/new-delivery.ts';
import { returned } from '../returned.ts';
import type { GroupRow } from './group-queries.ts';
import type { ExportsTable } from './group-tables.ts';

/** A job of a group, and which part it is. */
export interface PartJob {
  readonly part: string;
  readonly job: Job;
}

type NewExportRow = Omit<Selectable<ExportsTable>, 'done_at'>;

/** What the end of a group makes: a delivery for each target, and the copies that these need. */
export function endOfGroup(
  row: GroupRow,
  jobs: readonly PartJob[],
): { deliveries: NewDelivery[]; exports: NewExportRow[] } {
  const report = reportOf(row, jobs);
  const body = JSON.stringify(report);
  const targets = JSON.parse(row.targets) as GroupTarget[];
  const deliveries = targets.map(({ kind, ...target }) => ({
    id: uuidv7(),
    job_id: null,
    group_id: row.id,
    run: row.ends,
    owner: row.owner,
    type: 'group.ended' as const,
    kind,
    target: JSON.stringify(target),
    endpoint_id: null,
    target_key: `${row.owner} ${receiver({ kind, ...target } as GroupTarget)}`,
    order_key: row.order_key,
    turn: row.turn,
    body,
  }));
  return { deliveries, exports: exportsOf(report) };
}

function reportOf(row: GroupRow, jobs: readonly PartJob[]): GroupReport {
  const refused = JSON.parse(row.refused) as RefusedPart[];
  return {
    id: row.id,
    context: JSON.parse(row.context),
    endedAt: returned(row.ended_at ?? undefined),
    parts: [
      ...jobs.map(toPart),
      ...refused.map(({ part, failure }) => ({ part, status: 'failed' as const, failure, outputs: [] })),
    ],
    exports: JSON.parse(row.exports) as NewExport[],
  };
}

const cancelled: Failure = { code: 'job-cancelled', message: 'The job was cancelled.' };

function toPart({ part, job }: PartJob): ReportedPart {
  const { status } = job;
  if (status === 'pending' || status === 'processing') throw new Error(`job ${job.id} has not ended`);
  const failure = status === 'cancelled' ? cancelled : job.failure;
  return {
    part,
    jobId: job.id,
    status,
    ...(failure !== undefined && { failure }),
    ...(job.startedAt !== undefined && { startedAt: job.startedAt }),
    ...(job.endedAt !== undefined && { endedAt: job.endedAt }),
    outputs:
      status === 'complete'
        ? job.outputs.flatMap(({ stored }) => {
            if (stored === undefined) return [];
            const { sha256: _, ...told } = stored;
            return [told];
          })
        : [],
  };
}

function exportsOf(report: GroupReport): NewExportRow[] {
  return report.exports.flatMap(({ part, output, bucket, key }, position) => {
    const stored = report.parts.find(each => each.part === part)?.outputs.find(each => each.name === output);
    if (stored === undefined) return [];
    const { key: object_key, contentType: content_type } = stored;
    return [{ group_id: report.id, position, object_key, bucket, key, content_type }];
  });
}

/** What turns are by. */
function receiver(target: GroupTarget): string {
  if (target.kind === 'webhook') return URL.parse(target.url)?.host ?? target.url;
  if (target.kind === 'kafka') return `kafka:${target.topic}`;
  if (target.kind === 'sqs') return `sqs:${target.queue}`;
  return `mongodb:${target.collection}`;
}
