import path from 'node:path';
import { localPath, type ValueKind } from './values.ts';

/**
 * As libpq means them (https://www.postgresql.org/docs/current/libpq-ssl.html). Of those, `allow` and `prefer` are left
 * out: they promise nothing.
 */
const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'];
const tlsFiles = ['sslrootcert', 'sslcert', 'sslkey'];

/** Stays a URL, in which the paths of certificates are absolute. */
export const postgresUrl: ValueKind<string> = {
  accepts:
    'postgres://user:password@host:port/database, where needed with ?sslmode=disable, require, verify-full, or verify-ca and &sslrootcert=<file>',
  parse: (text, root) => {
    const url = isPostgresUrl(text) ? URL.parse(text) : null;
    if (url === null || url.hash !== '' || !/^\/[^/]+$/.test(url.pathname)) return undefined;
    const { searchParams } = url;
    if (!url.hostname && !searchParams.get('host')) return undefined;
    const mode = searchParams.get('sslmode');
    if (mode !== null && !tlsModes.includes(mode)) return undefined;
    if (mode === 'verify-ca' && !searchParams.get('sslrootcert')) return undefined;
    for (const name of tlsFiles) {
      const file = searchParams.get(name);
      if (file) searchParams.set(name, path.resolve(root, file));
    }
    return url.href;
  },
};

/** A SQLite file, parsed to its absolute path; or a Postgres database, parsed to its URL. */
export const databaseUrl: ValueKind<string> = {
  accepts: `sqlite:<path>, or ${postgresUrl.accepts}`,
  parse: (text, root) => (isPostgresUrl(text) ? postgresUrl : localPath('sqlite')).parse(text, root),
  write: value => (isPostgresUrl(value) ? value : `sqlite:${value}`),
};

export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text);
}
