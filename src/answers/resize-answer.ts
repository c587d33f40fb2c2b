import type { GroupReport } from '../jobs/group-report.ts';
import { contextOf } from './group-context.ts';
import { resizeInfos } from './resize-infos.ts';
import type { ResizeMessageContext } from './resize-sizes.ts';

/**
 * The answer to a resize message as JSON: every field as it came in, numbers digit by digit, and for each image what
 * was made of it. `postbackSecretKey` goes to the postback alone.
 */
export function resizeAnswer(report: GroupReport, postbackSecretKey?: string): string {
  const context = contextOf<ResizeMessageContext>(report, 'resize-message');
  const infos = Object.entries(resizeInfos(report, context)).map(([field, info]) => [`${field}_info`, info]);
  const json = JSON.stringify({
    ...readExactly(context.message),
    ...Object.fromEntries(infos),
    ...(postbackSecretKey !== undefined && { postback_secret_key: postbackSecretKey }),
  });
  // SQS takes no text with these two, which JSON leaves as they are.
  return json.replace(/[\ufffe\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** An object whose numbers are written again as they were: also those that a JavaScript number can't hold. */
function readExactly(json: string): Record<string, unknown> {
  return JSON.parse(json, (_name, value, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value,
  );
}

/** `JSON.rawJSON` of ES2025, which TypeScript's library does not know yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
