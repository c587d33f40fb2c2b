/** What a backfill did. */
export interface BackfillSummary {
  readonly collection: string;
  /** Documents with images that were not resized when it began. */
  readonly found: number;
  /** Of them, those that it submitted, with so many images. */
  readonly documents: number;
  readonly images: number;
  /** Of those submitted, documents that an earlier run had submitted already. */
  readonly underWay: number;
  /** Images that could not be made meanwhile, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

const barWidth = 30;

/** Tells a person, or a program, how a backfill goes: a bar on a terminal, a line for each tenth elsewhere. */
export class BackfillReport {
  readonly #json: boolean;
  #told = '';

  constructor(json: boolean) {
    this.#json = json;
  }

  draw(what: 'submitted' | 'written', done: number, all: number): void {
    const share = Math.min(1, done / Math.max(1, all));
    const line = `${what} ${done} of ${all} documents`;
    if (process.stderr.isTTY) {
      const filled = Math.round(share * barWidth);
      process.stderr.write(`\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${line}`);
      return;
    }
    const tenth = `${what} ${Math.floor(share * 10)}`;
    if (tenth === this.#told || this.#json) return;
    this.#told = tenth;
    console.error(line);
  }

  /** Takes the bar away. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  tell(summary: BackfillSummary, wasStopped: boolean): void {
    if (this.#json) {
      console.log(JSON.stringify({ ...summary, stopped: wasStopped }, null, 2));
      return;
    }
    const { collection, found, documents, images, underWay, failures } = summary;
    console.log(`${collection}: ${found} documents with images that were not resized`);
    if (documents > 0) console.log(`submitted: ${documents} documents, ${images} images`);
    if (underWay > 0) console.log(`of these, under way since an earlier run: ${underWay} documents`);
    for (const [code, count] of Object.entries(failures)) console.log(`failed: ${count} images, ${code}`);
    if (wasStopped) console.log('Stopped. What was submitted goes on; the same command does the rest.');
  }
}
