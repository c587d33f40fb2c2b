import type { Failure } from '../jobs/job.ts';

/** A longer address is none that servers take. */
const longest = 8_192;

/** The address of an image; or why nothing can be fetched from there. What else is wrong with it shows when it is fetched. */
export function sourceAddress(text: string): URL | Failure {
  if (text.length > longest) return refused(`The image's address has more than ${longest} characters.`);
  const url = URL.parse(text);
  const isWeb = url !== null && /^https?:$/.test(url.protocol);
  return isWeb ? url : refused("The image's address is not a valid http or https address.");
}

function refused(message: string): Failure {
  return { code: 'invalid-request', message };
}
