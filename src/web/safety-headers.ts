import type { HttpApp } from './http-app.ts';

/**
 * What makes every answer harmless in a browser, whatever a stranger has uploaded or named: its type is not guessed,
 * nothing in it runs, no other site embeds it, and its address is told to nobody. Encryption is the proxy's, and so is
 * `Strict-Transport-Security`.
 */
export const safetyHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** For a page of ours: its own scripts, styles and images, and its own requests. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Puts the headers on every answer; who needs another policy sets it later. */
export function sendSafetyHeaders(app: HttpApp): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(safetyHeaders);
    done();
  });
}
