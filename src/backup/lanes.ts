/** Does the work for each, so many at a time; throws one of the faults, when nothing is under way any more. */
export async function inLanes<T>(
  lanes: number,
  all: AsyncIterable<T>,
  work: (each: T) => Promise<void>,
): Promise<void> {
  const waiting = all[Symbol.asyncIterator]();
  let isBroken = false;
  const lane = async () => {
    try {
      for (let next = await waiting.next(); !next.done && !isBroken; next = await waiting.next()) {
        await work(next.value);
      }
    } catch (error) {
      isBroken = true;
      throw error;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await waiting.return?.();
  const fault = results.find(result => result.status === 'rejected');
  if (fault !== undefined) throw fault.reason;
}
