import type { GroupReport, ReportedPart } from './group-report.ts';
import { type ResizeContext, resizeImageFields, resizeSizes } from './resize-sizes.ts';

/**
 * The answer to a resize message as JSON: every field as it came in, numbers digit by digit, and for each image what
 * was made of it. `postbackSecretKey` goes to the postback alone.
 */
export function resizeAnswer(report: GroupReport, postbackSecretKey?: string): string {
  const context = report.context as ResizeContext;
  const infos = resizeImageFields.flatMap(field => {
    const part = report.parts.find(each => each.part === field);
    return part ? [[`${field}_info`, infoOf(part, report, context)]] : [];
  });
  return JSON.stringify({
    ...readExactly(context.message),
    ...Object.fromEntries(infos),
    ...(postbackSecretKey !== undefined && { postback_secret_key: postbackSecretKey }),
  });
}

function infoOf(
  { part, status, failure, outputs }: ReportedPart,
  report: GroupReport,
  context: ResizeContext,
) {
  if (status !== 'complete') {
    const { code, message } = failure ?? { code: status, message: 'There is no image.' };
    return { error: { code, message } };
  }
  const made = resizeSizes.filter(({ output }) => outputs.some(each => each.name === output));
  return Object.fromEntries(
    made.flatMap(({ output, size }) => {
      const place = report.exports.find(each => each.part === part && each.output === output);
      const url = `${context.exportsUrl}/${place?.bucket}/${place?.key}`;
      return place ? [[size, { url, bucket_path: context.folder }]] : [];
    }),
  );
}

/** An object whose numbers are written again as they were: also those that a JavaScript number can't hold. */
function readExactly(json: string): Record<string, unknown> {
  return JSON.parse(json, (_name, value, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value,
  );
}

/** `JSON.rawJSON` of ES2025, which TypeScript's library does not know yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
