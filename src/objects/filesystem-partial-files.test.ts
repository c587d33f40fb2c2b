import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe } from 'node:test';
import { partialFilesContract } from '../../test/contracts/partial-files.ts';
import { openFileStore } from '../../test/support/file-store.ts';
import { FilesystemPartialFiles } from './filesystem-partial-files.ts';

describe('FilesystemPartialFiles', () => {
  partialFilesContract(async () => {
    const { root, store, dispose } = await openFileStore();
    return {
      objects: store,
      partialFiles: new FilesystemPartialFiles(root, store),
      others: new FilesystemPartialFiles(root, store),
      async everything() {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        const files = entries.filter(entry => entry.isFile());
        return files.map(entry => path.posix.relative(root, path.posix.join(entry.parentPath, entry.name)));
      },
      [Symbol.asyncDispose]: dispose,
    };
  });
});
