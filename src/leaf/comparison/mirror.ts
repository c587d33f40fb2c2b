import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { TintypeError } from '../../errors/tintype-error.ts';
import { entryBeside } from '../../program/entry-beside.ts';
import type { CountImages } from '../leaf-metrics.ts';
import type { Plant } from '../plants.ts';
import type { MirrorAnswer, MirrorRequest, MirrorSettings, MirrorUsage } from './mirror-messages.ts';

type Asked = Exclude<MirrorAnswer, { kind: 'moved' | 'failed' }>;

/** The process that keeps the copies, as whoever compares sees it. */
export class Mirror implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #moved: CountImages;
  #answer = Promise.withResolvers<Asked>();

  /** Resolves when it is at work. Throws what it fails with. @param moved hears of images that went their way */
  static async start(settings: MirrorSettings, moved: CountImages): Promise<Mirror> {
    const mirror = new Mirror(moved);
    try {
      mirror.#child.send(settings);
      await mirror.#answer.promise;
      return mirror;
    } catch (error) {
      await mirror[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(moved: CountImages) {
    this.#moved = moved;
    // Nothing of the environment: what it needs to know it is sent.
    this.#child = fork(entryBeside('mirror-process', import.meta.url), { env: {} });
    this.#ended = once(this.#child, 'exit');
    this.#child.on('message', message => this.#hear(message as MirrorAnswer));
    this.#child.on('exit', () => this.#fail('The mirroring process ended before its time.'));
    this.#answer.promise.catch(() => {});
  }

  changed(plant: Plant, id: number): void {
    this.#send({ kind: 'changed', plant, id });
  }

  /** Resolves when a batch is done. Throws what it fails with. */
  async copy(): Promise<void> {
    await this.#ask({ kind: 'copy' });
  }

  async usage(): Promise<MirrorUsage> {
    const answer = await this.#ask({ kind: 'usage' });
    if (answer.kind !== 'usage') throw new TypeError(`It answers ${answer.kind}, not usage.`);
    return answer.usage;
  }

  /** Its databases and topics are of no more use then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** One question at a time. */
  #ask(request: MirrorRequest): Promise<Asked> {
    this.#answer = Promise.withResolvers();
    this.#answer.promise.catch(() => {});
    this.#send(request);
    return this.#answer.promise;
  }

  #send(request: MirrorRequest): void {
    if (this.#child.connected) this.#child.send(request, () => {});
    else this.#fail('The mirroring process has ended.');
  }

  #hear(message: MirrorAnswer): void {
    if (message.kind === 'moved') this.#moved(message.plant, message.images, message.bytes);
    else if (message.kind === 'failed') this.#fail(message.message);
    else this.#answer.resolve(message);
  }

  #fail(message: string): void {
    this.#answer.reject(new TintypeError('storage-unavailable', message));
  }
}
