import { TintypeError } from '../errors/tintype-error.ts';
import type { GroupReport } from '../jobs/group-report.ts';
import { resizeInfos } from '../jobs/resize-infos.ts';
import type { ResizeDocumentContext, ResizeImageField } from '../jobs/resize-sizes.ts';
import type { DocumentInfo, ImageDocuments } from '../mongodb/image-documents.ts';
import { isRefusal } from '../mongodb/mongo-faults.ts';
import { tryMessage } from './message.ts';
import type { DeliveryDriver, DeliveryTo, Outcome } from './outcome.ts';

/** Writes what became of a document's images into the document. */
export class MongodbDriver implements DeliveryDriver<'mongodb'> {
  readonly #documents: Pick<ImageDocuments, 'setInfos'>;

  constructor(documents: Pick<ImageDocuments, 'setInfos'>) {
    this.#documents = documents;
  }

  try(delivery: DeliveryTo<'mongodb'>, signal: AbortSignal): Promise<Outcome> {
    const { body, target } = delivery;
    return tryMessage(delivery, () => this.#write(target, JSON.parse(body) as GroupReport), signal);
  }

  async #write(
    { collection, document }: DeliveryTo<'mongodb'>['target'],
    report: GroupReport,
  ): Promise<void> {
    try {
      await this.#documents.setInfos(collection, document, documentInfos(report));
    } catch (cause) {
      if (isRefusal(cause))
        throw new TintypeError('internal', `MongoDB refuses it: ${cause.message}`, { cause });
      throw new TintypeError('storage-unavailable', 'MongoDB can’t be reached, or can’t answer now.', {
        cause,
      });
    }
  }
}

function documentInfos(report: GroupReport): Partial<Record<ResizeImageField, DocumentInfo>> {
  const { urls } = report.context as ResizeDocumentContext;
  return Object.fromEntries(
    Object.entries(resizeInfos(report)).map(([field, info]) => [
      field,
      { url: urls[field as ResizeImageField] ?? '', info, at: report.endedAt },
    ]),
  );
}
