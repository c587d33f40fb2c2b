import { open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ErrorCode } from '../errors/codes.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { headerBytes, readHeader } from '../images/image-header.ts';

/** One image to work on. */
export interface RunSource {
  /** As the user wrote it; of a folder, its name as written and the file in it. */
  readonly given: string;
  /** Absolute, links resolved; undefined for a URL. */
  readonly file?: string;
}

/** What is no image to work on, and why. */
export interface LeftOut {
  readonly source: string;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

export interface RunSources {
  readonly sources: readonly RunSource[];
  /** In a folder beside the images: nobody asked for these by name. */
  readonly skipped: readonly LeftOut[];
  /** Asked for by name, and not there. */
  readonly missing: readonly LeftOut[];
}

/** Files and URLs as they are; of a folder every image that lies right in it. */
export async function gatherSources(args: readonly string[]): Promise<RunSources> {
  const sources: RunSource[] = [];
  const skipped: LeftOut[] = [];
  const missing: LeftOut[] = [];
  for (const given of args) {
    if (/^https?:\/\//i.test(given)) sources.push({ given });
    else {
      const found = await stat(given).catch(() => undefined);
      if (found === undefined) missing.push(leftOut(given, 'source-not-found', 'There is no such file.'));
      else if (found.isDirectory()) await gatherFolder(given, sources, skipped);
      else sources.push({ given, file: await realpath(given) });
    }
  }
  return { sources, skipped, missing };
}

async function gatherFolder(folder: string, sources: RunSource[], skipped: LeftOut[]): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const given = path.join(folder, name);
    const reason = await reasonToSkip(given);
    if (reason === undefined) sources.push({ given, file: await realpath(given) });
    else skipped.push(leftOut(given, reason.code, reason.message));
  }
}

/** A file that starts like an image of any type is tried, even one that we can't read: its owner wants to know. */
async function reasonToSkip(file: string): Promise<LeftOut['error'] | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return { code: 'not-an-image', message: 'It is not a file.' };
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(headerBytes, found.size)));
  try {
    readHeader(buffer.subarray(0, bytesRead));
  } catch (error) {
    const { code, message } = TintypeError.from(error);
    if (code === 'not-an-image' || code === 'empty-upload') return { code, message };
  }
  return undefined;
}

function leftOut(source: string, code: ErrorCode, message: string): LeftOut {
  return { source, error: { code, message } };
}
