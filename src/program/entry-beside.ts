import path from 'node:path';

/**
 * The file of a thread or process of our own, which lies beside the module that starts it: TypeScript among the
 * sources, JavaScript after the build.
 * @param name without the extension
 * @param from the module's `import.meta.url`
 */
export function entryBeside(name: string, from: string): URL {
  return new URL(`./${name}${path.extname(from)}`, from);
}
