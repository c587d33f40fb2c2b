import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ImageVerdicts, type JobEnd } from './image-verdicts.ts';
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

  /** Lets it fetch an image, and waits for the end. */
  fetch(url: string): Promise<JobEnd> {
    return new ImageVerdicts(this.service).ofUrl(url);
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
