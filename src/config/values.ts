import { isIPv4, isIPv6 } from 'node:net';
import path from 'node:path';
import { CronPattern } from 'croner';
import { isBucket } from '../jobs/export-store.ts';
import { parseRetention, retentionAccepts, unitMs } from '../jobs/retention.ts';
import { type LogLevel, logLevels } from '../telemetry/logger.ts';

/** How one kind of value is read from an environment variable. */
export interface ValueKind<T> {
  /** What a right value looks like, for the person who gave a wrong one. */
  readonly accepts: string;
  /** Never to be shown, not even when it is wrong. */
  readonly isSecret?: true;
  /** Undefined when the text is not such a value. `root` is what relative paths start from. */
  parse(text: string, root: string): T | undefined;
  /** The text again, where the value is of another form. */
  write?(value: T): string;
}

const unitBytes = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

export function wholeNumber(least: number, most: number): ValueKind<number> {
  return {
    accepts: `a whole number from ${least} to ${most}`,
    parse: text => {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return number >= least && number <= most ? number : undefined;
    },
  };
}

export const seconds: ValueKind<number> = {
  accepts: 'seconds, more than 0, such as 30 or 0.5',
  parse: text => {
    const number = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    return number > 0 ? number : undefined;
  },
};

/** Stays text, as people write it; `parseRetention` says how long that is. */
export const retention: ValueKind<string> = {
  accepts: `${retentionAccepts}, or forever`,
  parse: text => (text === 'forever' || parseRetention(text) !== undefined ? text : undefined),
};

export const bytes: ValueKind<number> = {
  accepts: 'a number of bytes such as 67108864, 64MiB or 1.5GB',
  parse: text => {
    const match = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMG]?I?B)?$/i.exec(text);
    const unit = match && unitBytes[(match[2] ?? '').toUpperCase() as keyof typeof unitBytes];
    const number = unit ? Math.round(Number(match[1]) * unit) : 0;
    return number > 0 && Number.isSafeInteger(number) ? number : undefined;
  },
};

/** Milliseconds each. */
export const durations: ValueKind<readonly number[]> = {
  accepts: 'a comma list of durations such as 30s,5m,2h,1d',
  parse: text => {
    const parts = text.split(',').map(part => {
      const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([smhd])$/.exec(part.trim()) ?? [];
      return Math.round(Number(number) * unitMs[unit as keyof typeof unitMs]);
    });
    return parts.some(Number.isNaN) ? undefined : parts;
  },
  write: values => values.map(durationText).join(','),
};

/** In the largest unit of which it is a whole number, else in seconds. */
function durationText(ms: number): string {
  const units = Object.entries(unitMs).reverse();
  const [name, unit] = units.find(([, unit]) => ms > 0 && ms % unit === 0) ?? ['s', unitMs.s];
  return `${ms / unit}${name}`;
}

/** 32 bytes; parsed to hexadecimal digits. */
export const encryptionKey: ValueKind<string> = {
  accepts: '32 bytes in base64 or 64 hexadecimal digits',
  isSecret: true,
  parse: text => {
    if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
    const bytes = Buffer.from(text, 'base64');
    return bytes.length === 32 && bytes.toString('base64') === text ? bytes.toString('hex') : undefined;
  },
};

export const yesOrNo: ValueKind<boolean> = {
  accepts: 'true or false',
  parse: text => (text === 'true' ? true : text === 'false' ? false : undefined),
};

export function oneOf<const T extends string>(values: readonly T[]): ValueKind<T> {
  return { accepts: values.join(', '), parse: text => values.find(value => value === text) };
}

export function listOf<const T extends string>(values: readonly T[]): ValueKind<readonly T[]> {
  return {
    accepts: `a comma list of ${values.join(', ')}`,
    parse: text => {
      const parts = text.split(',').map(part => values.find(value => value === part.trim()));
      return parts.every(part => part !== undefined) ? [...new Set(parts)] : undefined;
    },
  };
}

/** As systems written in Python spell them, too. */
const levelSpellings: Readonly<Record<string, LogLevel>> = { warning: 'warn', critical: 'fatal' };

export const logLevel: ValueKind<LogLevel> = {
  accepts: logLevels.join(', '),
  parse: value => {
    const level = value.toLowerCase();
    return logLevels.find(known => known === (levelSpellings[level] ?? level));
  },
};

export const mongoUrl: ValueKind<string> = {
  accepts: 'mongodb://host:port/database, or mongodb+srv://…, with the name of the database',
  parse: value => (/^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/.test(value) ? value : undefined),
};

/** It stands in addresses of copies, too. */
export const collectionName = /^(?!system\.)[A-Za-z0-9_][A-Za-z0-9._-]{0,119}$/;

export const collections: ValueKind<readonly string[]> = {
  accepts: 'a comma list of names of collections, of letters, digits, ".", "_" and "-"',
  parse: value => {
    const names = value.split(',').map(name => name.trim());
    return names.every(name => collectionName.test(name)) ? [...new Set(names)] : undefined;
  },
};

export const cronSchedule: ValueKind<string> = {
  accepts: "a cron expression such as '0 1 * * *', or never",
  parse: value => {
    if (value === 'never') return value;
    try {
      return new CronPattern(value) && value;
    } catch {
      return undefined;
    }
  },
};

export const bucket: ValueKind<string> = {
  accepts: 'the name of a bucket: 3 to 63 of a-z, 0-9, . and -, a letter or digit first and last',
  parse: value => (isBucket(value) ? value : undefined),
};

export const text: ValueKind<string> = { accepts: 'text', parse: value => value };

/** Text that nobody is shown. */
export const secret: ValueKind<string> = { accepts: 'text', isSecret: true, parse: value => value };

export const webUrl: ValueKind<string> = {
  accepts: 'an http or https URL without query, such as https://images.example.org',
  parse: value => {
    const url = URL.parse(value);
    const plain =
      url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
    return plain ? url.href.replace(/\/$/, '') : undefined;
  },
};

/**
 * Parsed to hosts in lower case as a `URL` has them, each with its port if one was given; or to whole origins, whose
 * port is their scheme's if none was.
 */
export const origins: ValueKind<readonly string[]> = {
  accepts: 'a comma list of hosts such as images.example.org,10.1.2.3:8080,https://example.org',
  parse: value => {
    const parts = value.split(',').map(part => origin(part.trim()));
    return parts.every(part => part !== undefined) ? [...new Set(parts)] : undefined;
  },
};

function origin(text: string): string | undefined {
  const match = /^(https?:\/\/)?(?:[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(:\d{1,5})?$/iu.exec(text);
  const [, scheme, port = ''] = match ?? [];
  const url = match && URL.parse(scheme ? text : `http://${text}`);
  return url ? (scheme ? url.origin : url.hostname + port) : undefined;
}

/** Parsed to the absolute path. */
export const folder: ValueKind<string> = {
  accepts: 'a folder',
  parse: (value, root) => path.resolve(root, value),
};

/** A scheme and a path, such as `sqlite:data/tintype.db`; parsed to the absolute path. */
export function localPath(scheme: string): ValueKind<string> {
  return {
    accepts: `${scheme}:<path>`,
    parse: (value, root) => {
      const rest = value.startsWith(`${scheme}:`)
        ? value.slice(scheme.length + 1).replace(/^\/\/(?=\/)/, '')
        : '';
      return rest ? path.resolve(root, rest) : undefined;
    },
    write: value => `${scheme}:${value}`,
  };
}

/**
 * A folder as `localPath`, parsed to the absolute path; or `s3://bucket/prefix`, parsed to itself with a slash at its
 * end. The prefix is of the characters that objects' keys are made of.
 */
export const objectStoreUrl: ValueKind<string> = {
  accepts:
    'file:<path>, or s3://<bucket>/<prefix> with 3 to 63 of a-z, 0-9, . and - in the bucket, a letter or digit first and last, and letters, digits, ., _ and - in the prefix',
  parse: (value, root) => {
    if (!value.startsWith('s3:')) return localPath('file').parse(value, root);
    const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/(?!\.)[A-Za-z0-9._-]+)*)\/?$/.exec(value);
    return match ? `s3://${match[1]}${match[2]}/` : undefined;
  },
  write: value => (value.startsWith('s3:') ? value : `file:${value}`),
};

export const addressRanges: ValueKind<boolean | readonly string[]> = {
  accepts: 'true, false, or a comma list of CIDR ranges such as 10.0.0.0/8,fd00::/8',
  parse: value => {
    if (value === 'true' || value === 'false') return value === 'true';
    const ranges = value.split(',').map(range => range.trim());
    return ranges.every(isCidr) ? ranges : undefined;
  },
};

function isCidr(range: string): boolean {
  const [address = '', prefix = ''] = range.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

/** A URL as it may be shown; also one that is none because of its password. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/@:]*:).*@/, '$1…@').replace(/([?&]password=)[^&]*/, '$1…');
}
