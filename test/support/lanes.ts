/** Does the work for each, so many at a time. */
export async function inLanes<T>(
  lanes: number,
  all: readonly T[],
  work: (each: T, index: number) => Promise<void>,
): Promise<void> {
  const waiting = all.entries();
  const lane = async () => {
    for (const [index, each] of waiting) await work(each, index);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
