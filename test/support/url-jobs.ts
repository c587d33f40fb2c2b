import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertDiscreet, assertProblem } from './answers.ts';
import { Service } from './service.ts';

const recorder = pathToFileURL(path.join(import.meta.dirname, 'record-connections.ts'));

/** A service that fetches what it is told to, and the addresses that it tried to connect to. */
export class FetchingService implements AsyncDisposable {
  readonly service: Service;
  readonly #attempts: string;

  private constructor(service: Service, attempts: string) {
    this.service = service;
    this.#attempts = attempts;
  }

  /** @param allowed the ranges that it may reach although they are private */
  static async start(allowed: string, folder: string, env: Record<string, string> = {}) {
    const attempts = path.join(folder, 'connections');
    const hook = `${recorder.href}?to=${encodeURIComponent(attempts)}`;
    const service = await Service.start({
      ALLOW_PRIVATE_ADDRESSES: allowed,
      MAX_ATTEMPTS: '1',
      NODE_OPTIONS: `--import=${hook}`,
      ...env,
    });
    return new FetchingService(service, attempts);
  }

  /** Lets it fetch an image; resolves to the code of the refusal, else to how the job ended. */
  async fetch(url: string): Promise<FetchVerdict> {
    const answer = await fetch(`${this.service.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: { url } }),
    });
    const text = await answer.text();
    if (answer.status !== 202) {
      assertProblem(answer.status, answer.headers.get('content-type') ?? '', text, url);
      return { status: 'refused', code: answer.status, message: text };
    }
    const { id } = JSON.parse(text) as { id: string };
    assertDiscreet(await (await fetch(`${this.service.url}/jobs/${id}/events`)).text(), url);
    return (await (await fetch(`${this.service.url}/jobs/${id}`)).json()) as FetchVerdict;
  }

  /** Every address with its port that it tried so far. */
  async attempts(): Promise<string[]> {
    const lines = await readFile(this.#attempts, 'utf8').catch(() => '');
    return lines.split('\n').filter(line => line !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}

export interface FetchVerdict {
  readonly status: string;
  /** HTTP's. */
  readonly code: number;
  readonly message: string;
}
