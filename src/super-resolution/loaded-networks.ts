import { Network, type NetworkSettings } from './network.ts';

/** More than one job needs at a time; an imported network may take 70 MB. */
const most = 3;

/** Networks stay loaded for the images to come; the one that was longest out of use goes first. */
export class LoadedNetworks {
  readonly #settings: NetworkSettings;
  readonly #byFile = new Map<string, Network>();

  constructor(settings: NetworkSettings) {
    this.#settings = settings;
  }

  /** Throws what `Network.load` throws. */
  async get(file: string): Promise<Network> {
    const network = this.#byFile.get(file) ?? (await Network.load(file, this.#settings));
    this.#byFile.delete(file);
    this.#byFile.set(file, network);
    for (const [oldest, unused] of this.#byFile) {
      if (this.#byFile.size <= most) break;
      this.#byFile.delete(oldest);
      await unused[Symbol.asyncDispose]();
    }
    return network;
  }
}
