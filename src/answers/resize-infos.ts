import type { GroupReport, ReportedPart } from '../jobs/group-report.ts';
import { type ResizeContext, type ResizeImageField, resizeImageFields, resizeSizes } from './resize-sizes.ts';

/** Where the sizes of an image are, by their users' spelling; or why there are none. */
export type ResizeInfo =
  | Readonly<Record<string, { readonly url: string; readonly bucket_path: string }>>
  | { readonly error: { readonly code: string; readonly message: string } };

/** What became of each image of a group, by the field that named it. */
export function resizeInfos(
  report: GroupReport,
  context: ResizeContext,
): Partial<Record<ResizeImageField, ResizeInfo>> {
  return Object.fromEntries(
    resizeImageFields.flatMap(field => {
      const part = report.parts.find(each => each.part === field);
      return part ? [[field, infoOf(part, report, context)]] : [];
    }),
  );
}

function infoOf(
  { part, status, failure, outputs }: ReportedPart,
  report: GroupReport,
  { exportsUrl, folder }: ResizeContext,
): ResizeInfo {
  if (status !== 'complete') {
    const { code, message } = failure ?? { code: status, message: 'There is no image.' };
    return { error: { code, message } };
  }
  const made = resizeSizes.filter(({ output }) => outputs.some(each => each.name === output));
  return Object.fromEntries(
    made.flatMap(({ output, size }) => {
      const place = report.exports.find(each => each.part === part && each.output === output);
      const url = `${exportsUrl}/${place?.bucket}/${place?.key}`;
      return place ? [[size, { url, bucket_path: folder }]] : [];
    }),
  );
}
