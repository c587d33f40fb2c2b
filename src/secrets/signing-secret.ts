import { randomBytes } from 'node:crypto';

const prefix = 'whsec_';
const [fewestBytes, mostBytes, newBytes] = [24, 64, 32];

/** What a signing secret looks like (Standard Webhooks, "Symmetric signatures"). */
export const signingSecretForm = `${prefix} and ${fewestBytes} to ${mostBytes} bytes in base64`;

export function newSigningSecret(): string {
  return prefix + randomBytes(newBytes).toString('base64');
}

export function isSigningSecret(text: string): boolean {
  if (!text.startsWith(prefix)) return false;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded && bytes.length >= fewestBytes && bytes.length <= mostBytes;
}

/** Any text as a signing secret: what is none stands for its bytes in UTF-8. */
export function asSigningSecret(text: string): string {
  return isSigningSecret(text) ? text : prefix + Buffer.from(text).toString('base64');
}
