import { TintypeError } from './tintype-error.ts';

interface StorageFault {
  /** For the caller, without paths. */
  readonly message: string;
  /** What the operator has to do, for the log. */
  readonly advice: string;
}

const full = { message: 'The storage is full.', advice: 'free space or raise the quota' };
const denied = {
  message: 'The storage refuses access.',
  advice: 'let the user that runs the service read and write the folder and everything in it',
};
const tooManyFiles = {
  message: 'The storage can’t be read or written now.',
  advice: 'raise the limit of open files (ulimit -n)',
};
const broken = {
  message: 'The storage can’t be read or written now.',
  advice: 'check the disk, or the mount of the folder',
};
const gone = {
  message: 'The storage is not there.',
  advice: 'check that the folder exists and is mounted, then start the service again',
};

/** What a file system says when it is full, away, broken or not ours to write: later it may be well again. */
const storageFaults: Readonly<Record<string, StorageFault>> = {
  EACCES: denied,
  EDQUOT: full,
  EIO: broken,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  ENOSPC: full,
  EPERM: denied,
  EROFS: {
    message: 'The storage is read-only.',
    advice:
      'mount the file system of the folder for writing, and check it if it was not you who changed that',
  },
  ESTALE: broken,
};

/** What it says where a folder or file of ours must be and is not, or is something else. */
const absences = new Set(['EEXIST', 'ENOENT', 'ENOTDIR']);

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`, …), if the thrown value has one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A file system's fault as `storage-unavailable`; anything else as it is. */
export function asStorageFault(thrown: unknown): unknown {
  const fault = storageFaults[systemCode(thrown) ?? ''];
  return fault === undefined ? thrown : storageFault(fault, thrown);
}

/** The same where nothing that was looked for may be missing: then that is a fault of the storage as well. */
export function asOwnStorageFault(thrown: unknown): unknown {
  return absences.has(systemCode(thrown) ?? '') ? storageFault(gone, thrown) : asStorageFault(thrown);
}

function storageFault({ message, advice }: StorageFault, thrown: unknown): TintypeError {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new TintypeError('storage-unavailable', message, { cause: new Error(`${said}; ${advice}`) });
}
