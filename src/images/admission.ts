interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** Lets in so many at a time as memory and places allow, in the order of arrival: the large ones do not starve. */
export class Admission {
  readonly #places: number;
  readonly #memoryBytes: number;
  readonly #queue: Waiting[] = [];
  #inside = 0;
  #bytesInside = 0;

  constructor(places: number, memoryBytes: number) {
    this.#places = places;
    this.#memoryBytes = memoryBytes;
  }

  /**
   * Waits for a place; resolves to the function that gives it back. What needs more memory than there is at all goes
   * in alone. Rejects with the signal's reason.
   */
  enter(bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const leave = () => {
      this.#inside--;
      this.#bytesInside -= bytes;
      this.#admit();
    };
    const abandon = () => {
      this.#queue.splice(this.#queue.indexOf(waiting), 1);
      reject(signal.reason);
      this.#admit();
    };
    const enter = () => {
      signal.removeEventListener('abort', abandon);
      resolve(leave);
    };
    const waiting = { bytes, enter };
    signal.addEventListener('abort', abandon, { once: true });
    this.#queue.push(waiting);
    this.#admit();
    return promise;
  }

  #admit(): void {
    for (let next = this.#queue[0]; next && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      this.#inside++;
      this.#bytesInside += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    if (this.#inside === 0) return true;
    return this.#inside < this.#places && this.#bytesInside + bytes <= this.#memoryBytes;
  }
}
