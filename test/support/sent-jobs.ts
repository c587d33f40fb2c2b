import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { BalancedClient } from './balanced-client.ts';
import { eventually } from './eventually.ts';
import { inLanes } from './lanes.ts';

/** For each thing that is waited for, on a slow machine. */
const patienceMs = 240_000;
const lanes = 8;
/** Before what was refused is sent again, in milliseconds. */
const pauseMs = 50;

/** A job as the API shows it, as far as its end is looked at. */
export interface SeenJob {
  readonly id: string;
  readonly status: string;
  readonly message: string;
  readonly attempts: number;
  readonly start: string;
  readonly finish: string | null;
  readonly source: { readonly upload?: string };
  readonly outputs: readonly { readonly location: string; readonly sha256: string }[];
  readonly tries: readonly { readonly attempt: number; readonly start: string; readonly result: string }[];
}

interface JobPage {
  readonly jobs: readonly SeenJob[];
  readonly nextCursor: string | null;
}

/**
 * Jobs for one image, sent to a service that something bad is done to: each is sent again until it is accepted, every
 * other one under an idempotency key. One without a key is there twice where only the answer was lost.
 */
export class SentJobs {
  /** Of the jobs that were accepted. */
  readonly ids: string[] = [];
  /** Of the same; the names of their originals in the object store. */
  readonly uploads = new Set<string>();
  /** How often a submission was answered with 503. */
  refused = 0;
  /** Made without anybody being told; known once the jobs have ended. */
  untold = 0;
  readonly #client: BalancedClient;
  readonly #image: Blob;
  readonly #job: object;
  /** Labels of those with a key and of those without. */
  readonly #classes = { keyed: randomUUID(), keyless: randomUUID() };
  #sent = 0;
  /** Submissions without a key that may have been done although they were not accepted. */
  #uncertain = 0;

  /** @param job the part `job` of each submission */
  constructor(client: BalancedClient, image: Buffer, job: object = {}) {
    this.#client = client;
    this.#image = new Blob([new Uint8Array(image)]);
    this.#job = job;
  }

  /** Resolves when so many more are accepted. */
  async send(count: number): Promise<void> {
    const all = Array.from({ length: count }, (_, index) => index);
    await inLanes(lanes, all, async () => void this.ids.push(await this.#accepted()));
  }

  /** Sends some at a time until the signal aborts. @param everyMs how often; their answers are waited for */
  async sendUntil(signal: AbortSignal, everyMs: number): Promise<void> {
    while (!signal.aborted) {
      const next = setTimeout(everyMs, undefined, { signal }).catch(() => {});
      await this.send(lanes);
      await next;
    }
  }

  /**
   * Waits until all have ended, and asserts that each is complete and has one attempt that won, its last one; that what
   * was made of the one image is the same everywhere, and that this is what is downloaded.
   */
  async allComplete(): Promise<SeenJob[]> {
    const ended = await this.allEnded();
    const ends = Map.groupBy(ended, ({ status, message }) => `${status}: ${message}`);
    assert.deepEqual([...ends.keys()], this.ids.length === 0 ? [] : ['complete: Complete.']);
    assert.equal(new Set(this.ids).size, this.ids.length, 'one job for each submission');
    const stale = ended.filter(isStale);
    assert.equal(stale.length, 0, JSON.stringify(stale.map(({ id, tries }) => [id, tries])));
    const outputs = ended.flatMap(job => job.outputs);
    assert.ok(new Set(outputs.map(({ sha256 }) => sha256)).size <= 1, 'the same image gives the same output');
    await inLanes(lanes, outputs, async ({ location, sha256 }) => {
      const { body } = await this.#client.request(location);
      assert.equal(createHash('sha256').update(body).digest('hex'), sha256);
    });
    return ended;
  }

  /** Waits until all have ended, in whatever way; also those of which nobody was told. */
  async allEnded(): Promise<SeenJob[]> {
    const ended: SeenJob[] = [];
    await inLanes(lanes, this.ids, async id => void ended.push(await this.#end(id)));
    await inLanes(lanes, await this.idsUntold(), async id => void ended.push(await this.#end(id)));
    return ended;
  }

  /** Of jobs that were made without anybody being told; asserts that they may have been. */
  async idsUntold(): Promise<string[]> {
    const accepted = new Set(this.ids);
    const notAccepted = (ids: string[]) => ids.filter(id => !accepted.has(id));
    assert.deepEqual(notAccepted(await this.#listed(this.#classes.keyed)), [], 'one job a key');
    const untold = notAccepted(await this.#listed(this.#classes.keyless));
    assert.ok(untold.length <= this.#uncertain, `${untold.length} more jobs than submissions`);
    this.untold = untold.length;
    return untold;
  }

  async #accepted(): Promise<string> {
    this.#sent += 1;
    const isKeyed = this.#sent % 2 === 0;
    const headers: Record<string, string> = isKeyed ? { 'idempotency-key': randomUUID() } : {};
    const label = isKeyed ? this.#classes.keyed : this.#classes.keyless;
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const { status, body, lost } = await this.#client.request('/jobs', () => ({
        method: 'POST',
        headers,
        body: this.#form(label),
      }));
      if (!isKeyed) this.#uncertain += lost + (status === 503 ? 1 : 0);
      if (status === 202) {
        const { id, source } = JSON.parse(body.toString()) as SeenJob;
        this.uploads.add(source.upload ?? '');
        return id;
      }
      assert.equal(status, 503, body.toString());
      assert.ok(performance.now() < deadline, `a submission is accepted: ${body.toString()}`);
      this.refused += 1;
      await setTimeout(pauseMs);
    }
  }

  #form(label: string): FormData {
    const form = new FormData();
    form.append('image', this.#image, 'photo.jpg');
    form.append('job', JSON.stringify({ ...this.#job, class: label }));
    return form;
  }

  /** The ids of all jobs with that label. */
  async #listed(label: string): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: JobPage = await this.#page(`/jobs?class=${label}${cursor && `&cursor=${cursor}`}`);
      ids.push(...page.jobs.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    return ids;
  }

  #page(path: string): Promise<JobPage> {
    const ask = async () => {
      const { status, body } = await this.#client.request(path);
      if (status === 503) return false;
      assert.equal(status, 200, body.toString());
      return JSON.parse(body.toString()) as JobPage;
    };
    return eventually(ask, 'the jobs are listed', patienceMs);
  }

  #end(id: string): Promise<SeenJob> {
    const ask = async () => {
      const { status, body } = await this.#client.request(`/jobs/${id}`);
      if (status === 503) return false;
      assert.equal(status, 200, `accepted job ${id} is known: ${body}`);
      const job = JSON.parse(body.toString()) as SeenJob;
      return job.status !== 'pending' && job.status !== 'processing' && job;
    };
    return eventually(ask, `job ${id} ends`, patienceMs);
  }
}

/** Whether the result of a try counted that was not its last one, or none did. */
export function isStale({ tries }: SeenJob): boolean {
  return tries.findIndex(({ result }) => result === 'complete') !== tries.length - 1;
}

/** Milliseconds from the start of the first try that was lost with its worker until its job's end; an entry a job. */
export function recoveryTimes(jobs: readonly SeenJob[]): number[] {
  return jobs.flatMap(({ tries, finish }) => {
    const lost = tries.find(({ result }) => result === 'lost');
    return lost === undefined || finish === null ? [] : [Date.parse(finish) - Date.parse(lost.start)];
  });
}
