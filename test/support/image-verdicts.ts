import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { assertDiscreet, assertProblem } from './answers.ts';
import { form } from './http-service.ts';
import { photo } from './photo.ts';
import type { Service } from './service.ts';

/** How a job, or the submission of one, ended. */
export interface JobEnd {
  readonly status: string;
  /** HTTP's. */
  readonly code: number;
  readonly message: string;
  readonly outputs: readonly { readonly location: string }[];
}

/** What a service says of images that are sent to it. */
export class ImageVerdicts {
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  /**
   * The code of a refusal, else the status in which the job ended. Fails when an answer tells of the machine, or calls
   * our fault what is the image's.
   */
  async of(image: Buffer, what: string, job = '{}', filename = 'a.jpg'): Promise<string> {
    const answer = await this.#upload(image, job, filename);
    const text = await answer.text();
    if (answer.status !== 202) {
      return assertProblem(answer.status, answer.headers.get('content-type') ?? '', text, what);
    }
    return (await this.#endOf(text, what)).status;
  }

  /** The bytes of each output; none where the image could not be read. */
  async outputsOf(image: Buffer, what: string, job: string, filename = 'a.jpg'): Promise<Buffer[]> {
    const answer = await this.#upload(image, job, filename);
    if (answer.status !== 202) return [];
    const { status, outputs } = await this.#endOf(await answer.text(), what);
    if (status !== 'complete') return [];
    const answers = outputs.map(({ location }) => fetch(new URL(location, this.#service.url)));
    return Promise.all(answers.map(async each => Buffer.from(await (await each).arrayBuffer())));
  }

  /** The same for an image that is to be fetched; `refused` where the URL itself is. */
  async ofUrl(source: string): Promise<JobEnd> {
    const answer = await fetch(`${this.#service.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: { url: source } }),
    });
    const text = await answer.text();
    if (answer.status === 202) return this.#endOf(text, source);
    assertProblem(answer.status, answer.headers.get('content-type') ?? '', text, source);
    return { status: 'refused', code: answer.status, message: text, outputs: [] };
  }

  /** Whatever came before: the process lives, keeps nothing in its scratch folder, and makes a thumbnail. */
  async isWell(): Promise<void> {
    const { process, folder } = this.#service;
    assert.equal(process.exitCode ?? process.signalCode, null);
    assert.equal(await this.of(await photo(600, 400).jpeg().toBuffer(), 'a good image'), 'complete');
    assert.deepEqual(await readdir(`${folder}/objects/.scratch`), []);
  }

  #upload(image: Buffer, job: string, filename: string): Promise<Response> {
    const body = form(['image', image, filename], ['job', job]);
    return fetch(`${this.#service.url}/jobs`, { method: 'POST', body });
  }

  /** Waits for the end of the job that was answered. */
  async #endOf(submitted: string, what: string): Promise<JobEnd> {
    const job = `${this.#service.url}/jobs/${(JSON.parse(submitted) as { id: string }).id}`;
    assertDiscreet(await (await fetch(`${job}/events`)).text(), what);
    const ended = (await (await fetch(job)).json()) as JobEnd;
    assert.ok(ended.code < 500, `${what}: ${ended.message}`);
    return ended;
  }
}
