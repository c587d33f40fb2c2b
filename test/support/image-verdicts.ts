import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { assertDiscreet, assertProblem } from './answers.ts';
import { form } from './http-service.ts';
import { photo } from './photo.ts';
import type { Service } from './service.ts';

interface JobView {
  readonly status: string;
  readonly code: number;
  readonly message: string;
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
    const { url } = this.#service;
    const answer = await fetch(`${url}/jobs`, {
      method: 'POST',
      body: form(['image', image, filename], ['job', job]),
    });
    const text = await answer.text();
    if (answer.status !== 202) {
      return assertProblem(answer.status, answer.headers.get('content-type') ?? '', text, what);
    }
    const { id } = JSON.parse(text) as { id: string };
    assertDiscreet(await (await fetch(`${url}/jobs/${id}/events`)).text(), what);
    const ended = (await (await fetch(`${url}/jobs/${id}`)).json()) as JobView;
    if (ended.status === 'failed') {
      assert.ok(ended.code >= 400 && ended.code < 500, `${what}: ${ended.message}`);
    }
    return ended.status;
  }

  /** Whatever came before: the process lives, keeps nothing in its scratch folder, and makes a thumbnail. */
  async isWell(): Promise<void> {
    const { process, folder } = this.#service;
    assert.equal(process.exitCode ?? process.signalCode, null);
    assert.equal(await this.of(await photo(600, 400).jpeg().toBuffer(), 'a good image'), 'complete');
    assert.deepEqual(await readdir(`${folder}/objects/.scratch`), []);
  }
}
