import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const longestMs = 240_000;

/** apt with lists and a cache of its own in a folder, which is also where it works: nothing of the system is changed. */
export class OwnApt implements AsyncDisposable {
  readonly #folder: string;

  /** With these sources, as in `/etc/apt/sources.list.d/*.sources`; their lists are fetched. */
  static async open(folder: string, sources: string): Promise<OwnApt> {
    const apt = new OwnApt(folder);
    for (const name of ['parts', 'lists/partial', 'cache/archives/partial']) {
      await mkdir(path.join(folder, name), { recursive: true });
    }
    await writeFile(path.join(folder, 'parts/debian.sources'), sources);
    await apt.run('apt-get', ['-q', 'update']);
    return apt;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  async run(program: 'apt-get' | 'apt-cache', args: readonly string[]): Promise<string> {
    const own = (name: string) => path.join(this.#folder, name);
    const settings = {
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': own('parts'),
      'Dir::State::lists': own('lists'),
      'Dir::Cache': own('cache'),
    };
    const options = Object.entries(settings).map(([name, value]) => `-o${name}=${value}`);
    const { stdout } = await run(program, [...options, ...args], { cwd: this.#folder, timeout: longestMs });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ['parts', 'lists', 'cache']) {
      await rm(path.join(this.#folder, name), { recursive: true, force: true });
    }
  }
}
