import type { IntakeStore, NewGroup } from '../../src/jobs/intake-store.ts';

/** A job store that fails at the resize messages of some images, `times` each. */
export class FailingIntakeStore implements IntakeStore {
  failures = 0;
  readonly accepted: string[] = [];
  readonly #left = new Map<string, number>();
  readonly #store: IntakeStore;
  #isBad: (image: string) => boolean;
  readonly #times: number;
  readonly #fault: Error;

  constructor(
    store: IntakeStore,
    isBad: (image: string) => boolean,
    times: number,
    fault: Error = new Error('A fault of ours.'),
  ) {
    this.#store = store;
    this.#isBad = isBad;
    this.#times = times;
    this.#fault = fault;
  }

  heal(): void {
    this.#isBad = () => false;
  }

  async submitGroups(groups: readonly NewGroup[]): Promise<number> {
    const images = groups.map(
      ({ context }) => JSON.parse((context as { message: string }).message).image_url,
    );
    const bad = images.filter(image => this.#isBad(image) && (this.#left.get(image) ?? this.#times) > 0);
    // Only one that comes alone says whose fault it is.
    const [image] = bad;
    if (image !== undefined) {
      if (images.length === 1) {
        this.failures += 1;
        this.#left.set(image, (this.#left.get(image) ?? this.#times) - 1);
      }
      throw this.#fault;
    }
    const count = await this.#store.submitGroups(groups);
    this.accepted.push(...images);
    return count;
  }
}
