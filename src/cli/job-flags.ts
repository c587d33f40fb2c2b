import { Option } from 'commander';
import { longestPage } from '../jobs/job-store.ts';
import { type JobStatus, jobStatuses } from '../jobs/states.ts';
import { nearest, refusal } from './nearest.ts';

/** What the commands about jobs take; a wrong value throws a refusal that says what is accepted. */

export function jsonFlag(): Option {
  return new Option('--json', 'print JSON, as the API does');
}

/** As milliseconds since the epoch. */
export function timeFlags(): [from: Option, to: Option] {
  return [
    new Option(
      '--from <time>',
      'submitted at or after this time, such as 2026-05-01 or 2026-05-01T12:00Z',
    ).argParser(time('--from')),
    new Option('--to <time>', 'submitted before this time').argParser(time('--to')),
  ];
}

export function statusFlag(description: string): Option {
  return new Option('--status <status>', description).argParser(status);
}

export function limitFlag(): Option {
  return new Option('--limit <jobs>', `jobs a page, 1 to ${longestPage}`).argParser(limit).default(20);
}

function status(text: string): JobStatus {
  const known = jobStatuses.find(name => name === text);
  if (known !== undefined) return known;
  throw refusal(`--status ${text}`, jobStatuses.join(', '), nearest(text, jobStatuses));
}

function time(flag: string): (text: string) => number {
  return text => {
    const milliseconds = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(milliseconds))
      throw refusal(`${flag} ${text}`, 'an ISO 8601 time, such as 2026-05-01T12:00Z');
    return milliseconds;
  };
}

function limit(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > longestPage) throw refusal(`--limit ${text}`, `1 to ${longestPage}`);
  return number;
}
