import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { Downloader, type DownloadLimits } from '../../src/fetch/download.ts';
import { temporaryFolder } from './temporary-folder.ts';

const forever = new AbortController().signal;

export interface TestDownloads {
  /** Where every download goes to. */
  readonly target: string;
  fetch(
    url: string,
    signal?: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<{ bytes: number }>;
  /** What the downloads have left. */
  files(): Promise<string[]>;
}

/** A downloader into a folder of its own; by default it reaches 127.0.0.1 alone and allows what a test needs. */
export async function newDownloads(
  t: TestContext,
  limits: Partial<DownloadLimits> = {},
): Promise<TestDownloads> {
  const folder = await temporaryFolder();
  const guard = new AddressGuard(['127.0.0.1/32']);
  const downloader = new Downloader({
    guard,
    maxBytes: 1_000_000,
    idleMs: 20_000,
    totalMs: 60_000,
    ...limits,
  });
  t.after(async () => {
    await downloader.close();
    await folder[Symbol.asyncDispose]();
  });
  const target = path.join(folder.path, 'source');
  return {
    target,
    fetch: (url, signal = forever, onProgress) => downloader.download(url, target, signal, onProgress),
    files: () => readdir(folder.path),
  };
}
