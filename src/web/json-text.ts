import { TintypeError } from '../errors/tintype-error.ts';

/**
 * What a JSON text says. Throws `invalid-request` that tells where the text breaks; `what` is its name in the message,
 * such as "The body".
 */
export function parseJson(text: string, what: string): unknown {
  try {
    // RFC 8259, section 8.1: a byte order mark may be ignored.
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new TintypeError('invalid-request', `${what} is not valid JSON: ${reason(error)}.`, {
      pointer: '',
    });
  }
}

/** V8's words, which name the place, without what is said already. */
function reason(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error))
    .replace(/ is not valid JSON$| in JSON(?= at)| JSON(?= input$)/, '')
    .replace(
      /^Bad control character in string literal/,
      'a line break or control character stands in a string',
    )
    .replace(/ at position \d+ \((.*)\)$/, ' at $1');
  return message.charAt(0).toLowerCase() + message.slice(1);
}
