import { contextOf } from '../answers/group-context.ts';
import { resizeInfos } from '../answers/resize-infos.ts';
import type { ResizeDocumentContext, ResizeImageField } from '../answers/resize-sizes.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { GroupReport } from '../jobs/group-report.ts';
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
  const context = contextOf<ResizeDocumentContext>(report, 'resize-document');
  return Object.fromEntries(
    Object.entries(resizeInfos(report, context)).map(([field, info]) => [
      field,
      { url: context.urls[field as ResizeImageField] ?? '', info, at: report.endedAt },
    ]),
  );
}
