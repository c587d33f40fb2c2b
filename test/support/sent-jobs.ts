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
  readonly outputs: readonly { readonly location: string; readonly sha256: string }[];
  readonly tries: readonly { readonly attempt: number; readonly start: string; readonly result: string }[];
}

/**
 * Jobs for one image, sent to a service that something bad is done to: each is sent again, under its idempotency key,
 * until it is accepted.
 */
export class SentJobs {
  /** Of the jobs that were accepted. */
  readonly ids: string[] = [];
  /** How often a submission was answered with 503. */
  refused = 0;
  readonly #client: BalancedClient;
  readonly #image: Blob;
  readonly #job: string;

  /** @param job the part `job` of each submission */
  constructor(client: BalancedClient, image: Buffer, job: object = {}) {
    this.#client = client;
    this.#image = new Blob([new Uint8Array(image)]);
    this.#job = JSON.stringify(job);
  }

  /** Resolves when so many more are accepted. */
  async send(count: number): Promise<void> {
    const all = Array.from({ length: count }, (_, index) => index);
    await inLanes(lanes, all, async () => void this.ids.push(await this.#accepted()));
  }

  /** Sends some at a time until the signal aborts. */
  async sendUntil(signal: AbortSignal): Promise<void> {
    const lane = async () => {
      while (!signal.aborted) this.ids.push(await this.#accepted());
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  /**
   * Waits until all have ended, and asserts that each is complete and has one attempt that won, its last one; that what
   * was made of the one image is the same everywhere, and that this is what is downloaded.
   */
  async allComplete(): Promise<SeenJob[]> {
    const ended: SeenJob[] = [];
    await inLanes(lanes, this.ids, async id => void ended.push(await this.#end(id)));
    const ends = Map.groupBy(ended, ({ status, message }) => `${status}: ${message}`);
    assert.deepEqual([...ends.keys()], this.ids.length === 0 ? [] : ['complete: Complete.']);
    assert.equal(new Set(this.ids).size, this.ids.length, 'one job for each submission');
    for (const { id, tries } of ended) {
      const winners = tries.filter(({ result }) => result === 'complete');
      assert.deepEqual(winners, tries.slice(-1), `job ${id}: ${JSON.stringify(tries)}`);
    }
    const outputs = ended.flatMap(job => job.outputs);
    assert.ok(new Set(outputs.map(({ sha256 }) => sha256)).size <= 1, 'the same image gives the same output');
    await inLanes(lanes, outputs, async ({ location, sha256 }) => {
      const { body } = await this.#client.request(location);
      assert.equal(createHash('sha256').update(body).digest('hex'), sha256);
    });
    return ended;
  }

  async #accepted(): Promise<string> {
    const headers = { 'idempotency-key': randomUUID() };
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const { status, body } = await this.#client.request('/jobs', () => ({
        method: 'POST',
        headers,
        body: this.#form(),
      }));
      if (status === 202) return (JSON.parse(body.toString()) as SeenJob).id;
      assert.equal(status, 503, body.toString());
      assert.ok(performance.now() < deadline, `a submission is accepted: ${body.toString()}`);
      this.refused += 1;
      await setTimeout(pauseMs);
    }
  }

  #form(): FormData {
    const form = new FormData();
    form.append('image', this.#image, 'photo.jpg');
    form.append('job', this.#job);
    return form;
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

/** Milliseconds from the start of the first try that was lost with its worker until its job's end; an entry a job. */
export function recoveryTimes(jobs: readonly SeenJob[]): number[] {
  return jobs.flatMap(({ tries, finish }) => {
    const lost = tries.find(({ result }) => result === 'lost');
    return lost === undefined || finish === null ? [] : [Date.parse(finish) - Date.parse(lost.start)];
  });
}
