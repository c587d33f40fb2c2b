import { systemCode } from '../errors/storage-fault.ts';

/** Undefined where there is no such file, and where there can be none. */
export async function ifThere<Result>(looked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await looked;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

export function isAbsence(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}
