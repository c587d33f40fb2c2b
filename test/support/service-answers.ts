import { createHash } from 'node:crypto';
import { EventReader, type ServerSentEvent } from './event-stream.ts';
import type { Service } from './service.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, hardly looked into
type Json = any;

/** What a service says of what it holds. */
export interface ServiceAnswers {
  /** Newest first. */
  readonly list: readonly Json[];
  /** By id. */
  readonly jobs: Readonly<Record<string, JobAnswers>>;
  readonly endpoints: Json;
  readonly statistics: Json;
}

interface JobAnswers {
  readonly view: Json;
  readonly deliveries: Json;
  readonly events: readonly ServerSentEvent[];
  /** By output: SHA-256, or the status of an answer without an image. */
  readonly images: Readonly<Record<string, string>>;
}

/** Asks for all of it. `key` is an admin's, and nothing should happen meanwhile. */
export async function answersOf({ url }: Service, key: string): Promise<ServiceAnswers> {
  const headers = { authorization: `Bearer ${key}` };
  const ask = async (path: string) => (await fetch(`${url}${path}`, { headers })).json() as Promise<Json>;
  const list: Json[] = [];
  for (let cursor = ''; ; ) {
    const { jobs, nextCursor } = await ask(`/jobs?limit=20${cursor}`);
    list.push(...jobs);
    if (nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
  const jobs: Record<string, JobAnswers> = {};
  for (const { id, outputs, status } of list) {
    const images: Record<string, string> = {};
    for (const { name } of outputs) {
      images[name] = await imageAt(`${url}/jobs/${id}/outputs/${name}`, headers);
    }
    await using reader = await EventReader.open(`${url}/jobs/${id}/events`, '0', headers);
    jobs[id] = {
      view: await ask(`/jobs/${id}`),
      deliveries: await ask(`/jobs/${id}/deliveries`),
      // The stream of a job that has ended ends too.
      events: await reader.take(status === 'pending' ? 1 : 100),
      images,
    };
  }
  return { list, jobs, endpoints: await ask('/webhook-endpoints'), statistics: await ask('/statistics') };
}

async function imageAt(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(url, { headers });
  const bytes = await answer.bytes();
  return answer.ok ? createHash('sha256').update(bytes).digest('hex') : String(answer.status);
}
