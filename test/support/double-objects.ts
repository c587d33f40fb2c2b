import { readdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * How many jobs of one output each have more than one object, a second result or what a lost attempt left, or none.
 * @param folder the one with the service's `objects`
 */
export async function doubleObjects(folder: string): Promise<number> {
  const root = path.join(folder, 'objects/jobs');
  let found = 0;
  for (const id of await readdir(root)) {
    const entries = await readdir(path.join(root, id), { recursive: true, withFileTypes: true });
    if (entries.filter(entry => entry.isFile()).length !== 1) found += 1;
  }
  return found;
}
