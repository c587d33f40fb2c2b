/** Where the system looks for programs and libraries: CUDA's are not in its own folders. */
const names = ['PATH', 'LD_LIBRARY_PATH', 'CUDA_PATH', 'CUDA_VISIBLE_DEVICES'];

/** For a process that gets nothing else of the environment. */
export function libraryPaths(): Record<string, string> {
  return Object.fromEntries(
    names.flatMap(name => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
