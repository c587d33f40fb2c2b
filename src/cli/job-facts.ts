import type { JobView } from '../http/jobs/job-schema.ts';
import { readableDuration } from './readable-duration.ts';

/** The facts of one job, a line each. */
export function factsOf(job: JobView): string {
  const {
    id,
    status,
    message,
    start,
    finish,
    expires,
    owner,
    priority,
    run,
    attempts,
    source,
    notBefore,
    retention,
  } = job;
  const where = source.url ?? source.object ?? 'upload';
  const facts: [string, string][] = [
    ['job', id],
    ['status', `${status}: ${message}`],
    ['submitted', start],
    ['not before', notBefore ?? '–'],
    ['ended', finish ?? '–'],
    ['kept', retention ?? 'for ever'],
    ['expires', expires ?? '–'],
    ['owner', `${owner}, ${priority}`],
    ['run', `${run}, attempts ${attempts}`],
    ['source', `${source.filename} (${where})`],
    ...job.outputs.map((output): [string, string] => ['output', describeOutput(output)]),
    ...job.tries.map((each): [string, string] => ['try', describeTry(each)]),
  ];
  return facts.map(([name, fact]) => `${name.padEnd(10)} ${fact}`).join('\n');
}

function describeOutput({
  name,
  filename,
  status,
  width,
  height,
  bytes,
  error,
}: JobView['outputs'][number]): string {
  const made = bytes === null ? (error?.message ?? '') : `${width}×${height} ${bytes} B`;
  return `${name} ${filename} ${status} ${made}`.trimEnd();
}

function describeTry({ attempt, run, start, finish, result, error }: JobView['tries'][number]): string {
  const took = finish === null ? '' : ` after ${readableDuration(Date.parse(finish) - Date.parse(start))}`;
  const why = error === null ? '' : `: ${error.code}, ${error.message}`;
  return `${attempt} (run ${run}) ${start} ${result ?? 'under way'}${took}${why}`;
}
