import { TintypeError } from '../errors/tintype-error.ts';

/** Whose all is where nobody signs in: on the command line, and over HTTP with AUTH=off. */
export const localOwner = 'local';

/**
 * Owners' names are folders of the object store (`imports/<owner>/`), whose file system may take upper and lower case
 * for the same and drop a dot at the end: so neither may tell two owners apart.
 */
const ownerName = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/;

/** Throws `invalid-request` for a name that no owner can have. */
export function checkOwner(name: string): void {
  if (ownerName.test(name)) return;
  throw new TintypeError(
    'invalid-request',
    `'${name.slice(0, 100)}' is no name for an owner. Accepted: 1 to 64 of a-z, 0-9, ".", "_" and "-", a letter or digit first and last.`,
  );
}
