import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

const uploads = 1_000;
const bytes = 10_000_000;
const seconds = 120;

export const manyUploads: Row = {
  number: '10',
  work: `${uploads} uploads at once of 10 MB, each sent in ${seconds} s; by tus as well`,
  peer: '–',
  goal: 'peak ≤ 256 MB resident, the process that serves (renderers not yet started)',
  async measure() {
    const form = await peakOf('form');
    const tus = await peakOf('tus');
    return { figure: form.peak, unit: 'MB', idle: form.idle, accepted: form.accepted, byTus: tus.peak };
  },
};

async function peakOf(kind: 'form' | 'tus') {
  await using service = await startService();
  const idle = peakMegabytes(service.process.pid);
  const client = path.resolve(import.meta.dirname, '../support/slow-uploads.ts');
  const parameters = [service.url, uploads, bytes, seconds, kind].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, [client, ...parameters]);
  const { accepted } = JSON.parse(stdout) as { accepted: number };
  if (accepted !== uploads) throw new Error(`only ${accepted} uploads were accepted`);
  return { idle, peak: peakMegabytes(service.process.pid), accepted };
}

/** The most that was ever resident, by Linux's /proc. */
function peakMegabytes(pid = 0): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return round3((Number(kilobytes) * 1024) / 1e6);
}
