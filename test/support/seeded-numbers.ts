/** Integers below a limit, the same for the same seed: a linear congruential generator (Numerical Recipes' constants). */
export type SeededNumbers = (limit: number) => number;

export function seededNumbers(seed: number): SeededNumbers {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
