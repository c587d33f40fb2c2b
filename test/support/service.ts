import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { launcher } from './program.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A service as a user starts it: a process of its own, a folder of its own, a free port. */
export class Service {
  readonly folder: string;
  /** Empty where it does not listen, because its roles need none of it. */
  readonly url: string;
  readonly process: ChildProcess;
  readonly #ownsFolder: boolean;

  private constructor(folder: string, url: string, child: ChildProcess, ownsFolder: boolean) {
    this.folder = folder;
    this.url = url;
    this.process = child;
    this.#ownsFolder = ownsFolder;
  }

  /**
   * Resolves when it listens, or is at work without. Its folder goes with it, unless one is given: for a service that
   * carries on with an earlier one's data.
   */
  static async start(env: Record<string, string> = {}, folder?: string): Promise<Service> {
    const home = folder ?? (await temporaryFolder()).path;
    const child = spawn(process.execPath, [launcher, 'serve'], {
      env: { PATH: process.env.PATH, ...embedded(home), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The service ended with code ${code} before it was ready.`);
    });
    const url = await Promise.race([ready(lines), ended]);
    ended.catch(() => undefined);
    return new Service(home, url, child, folder === undefined);
  }

  /** Ends the process and waits until it is gone; its folder stays. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    if (this.#ownsFolder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** The embedded defaults in a folder. */
export function embedded(folder: string): Record<string, string> {
  return {
    DATABASE_URL: `sqlite:${folder}/tintype.db`,
    OBJECT_STORE_URL: `file:${folder}/objects`,
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
}

async function ready(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const found = /listens on (?<url>http:\S+)|is at work/.exec(line);
    if (found) return found.groups?.url ?? '';
  }
  throw new Error('The service closed its output before it was ready.');
}
