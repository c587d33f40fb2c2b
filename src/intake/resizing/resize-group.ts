import type { ResizeMessageContext } from '../../answers/resize-sizes.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { GroupTarget, NewGroup } from '../../jobs/intake-store.ts';
import type { ReceivedMessage } from '../../sqs/message-queue.ts';
import { type ResizeMessage, readResizeMessage } from './resize-message.ts';
import { type ResizeSettings, resizeFolder, resizeParts } from './resize-parts.ts';

export interface MessageSettings extends Omit<ResizeSettings, 'priority'> {
  /** What every address of an export begins with, without a slash at its end. */
  readonly exportsUrl: string;
  /** Encrypted: what postbacks are signed with. */
  readonly postbackSecret?: string;
  /** Throws for an address that is never called. */
  checkUrl(url: URL): void;
}

/** What one message asks for. Throws `invalid-request` and `address-blocked` for a message that is given up. */
export function resizeGroup(
  received: ReceivedMessage,
  queueUrl: string,
  settings: MessageSettings,
): NewGroup {
  const message = readResizeMessage(received.body);
  if (message.postbackUrl !== undefined) settings.checkUrl(new URL(message.postbackUrl));
  if (message.redirectQueue === queueUrl.split('/').at(-1)) {
    throw new TintypeError(
      'invalid-request',
      'Its redirect_queue is the queue that it came on: it would never end.',
    );
  }
  const folder = resizeFolder(message.bucketName);
  const context: ResizeMessageContext = {
    kind: 'resize-message',
    message: received.body,
    exportsUrl: settings.exportsUrl,
    folder,
  };
  return {
    eventKey: `sqs:${queueUrl}:${received.id}`,
    owner: settings.owner,
    ...(received.groupId !== undefined && { orderKey: `sqs:${queueUrl}:${received.groupId}` }),
    ...resizeParts(message.images, folder, { ...settings, priority: 'normal' }),
    context,
    targets: targetsOf(message, settings.postbackSecret),
  };
}

function targetsOf({ postbackUrl, redirectQueue }: ResizeMessage, secret: string | undefined): GroupTarget[] {
  return [
    ...(postbackUrl === undefined
      ? []
      : [{ kind: 'webhook', url: postbackUrl, ...(secret !== undefined && { secret }) } as const]),
    ...(redirectQueue === undefined ? [] : [{ kind: 'sqs', queue: redirectQueue } as const]),
  ];
}
