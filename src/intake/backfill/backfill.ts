import { createHash } from 'node:crypto';
import type { ResizeDocumentContext } from '../../answers/resize-sizes.ts';
import type { NewGroup } from '../../jobs/intake-store.ts';
import type { DocumentChoice, ImageDocument, ImageDocuments } from '../../mongodb/image-documents.ts';
import { type ResizeSettings, resizeFolder, resizeParts } from '../resizing/resize-parts.ts';
import { type Submission, submitGroups } from '../submit-groups.ts';

export interface BackfillOptions extends Omit<ResizeSettings, 'priority'>, Submission {
  readonly documents: ImageDocuments;
  /** What every address of an export begins with, without a slash at its end. */
  readonly exportsUrl: string;
}

/** How far a run has come. */
export interface BackfillProgress {
  /** Documents that were looked at. */
  documents: number;
  /** Images of theirs. */
  images: number;
  /** Documents whose jobs an earlier run had submitted, and whose infos are on their way. */
  underWay: number;
}

/**
 * Makes jobs of the documents of a collection whose images were not resized yet, at the lowest priority; their infos are
 * written back as deliveries. It may be broken off and run again, also at once: what was submitted is known.
 */
export class Backfill {
  readonly #options: BackfillOptions;

  constructor(options: BackfillOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all are submitted, or when the signal is aborted, with how far it came. `onProgress` hears after each
   * batch. Throws the faults of MongoDB and of the job store.
   */
  async run(
    collection: string,
    choice: DocumentChoice,
    signal: AbortSignal,
    onProgress: (progress: Readonly<BackfillProgress>) => void = () => {},
  ): Promise<BackfillProgress> {
    const { documents } = this.#options;
    const progress = { documents: 0, images: 0, underWay: 0 };
    for await (const batch of documents.find(collection, choice)) {
      if (!(await this.#hasRoom(signal))) break;
      const groups = batch.map(document => this.#groupOf(collection, document));
      const fresh = await submitGroups(groups, this.#options);
      progress.documents += batch.length;
      progress.images += batch.reduce((sum, document) => sum + document.images.length, 0);
      progress.underWay += batch.length - fresh;
      onProgress(progress);
    }
    return progress;
  }

  /** Resolves when there is room; false when the signal is aborted. */
  async #hasRoom(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.gate.opened(signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #groupOf(collection: string, { id, images, version }: ImageDocument): NewGroup {
    const { owner, exportsUrl } = this.#options;
    const folder = resizeFolder(collection);
    const context: ResizeDocumentContext = {
      kind: 'resize-document',
      exportsUrl,
      folder,
      urls: Object.fromEntries(images.map(({ field, url }) => [field, url])),
    };
    return {
      eventKey: `mongodb:${collection}:${short(id)}:${version}`,
      owner,
      ...resizeParts(images, folder, { ...this.#options, priority: 'bulk' }),
      context,
      targets: [{ kind: 'mongodb', collection, document: id }],
    };
  }
}

/** Characters of an id that fit into an index. */
const longestId = 200;

/** The id, or its digest where it is long. */
function short(id: string): string {
  return id.length <= longestId ? id : createHash('sha256').update(id).digest('hex');
}
