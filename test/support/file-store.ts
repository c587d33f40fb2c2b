import type { TestContext } from 'node:test';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A store for one test, and the folder that it keeps its objects in. */
export interface FileStore {
  readonly root: string;
  readonly store: FilesystemObjectStore;
}

/** Goes with the end of the test. */
export async function newFileStore(t: TestContext): Promise<FileStore> {
  const { root, store, dispose } = await openFileStore();
  t.after(dispose);
  return { root, store };
}

/** A store in a folder of its own, and the end of both. */
export async function openFileStore(): Promise<FileStore & { dispose(): Promise<void> }> {
  const folder = await temporaryFolder();
  const store = new FilesystemObjectStore(folder.path);
  await store.clearScratch(0);
  const dispose = () => store.close().then(() => folder[Symbol.asyncDispose]());
  return { root: folder.path, store, dispose };
}
