import { TintypeError } from '../errors/tintype-error.ts';

/** The word that was probably meant, or undefined when none is near. Letters' case does not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const meant = known
    .map(candidate => ({ candidate, edits: edits(word.toLowerCase(), candidate.toLowerCase()) }))
    .reduce((best, next) => (next.edits < best.edits ? next : best), { candidate: '', edits: Infinity });
  const most = Math.max(1, Math.floor(Math.max(word.length, meant.candidate.length) * 0.4));
  return meant.edits <= most ? meant.candidate : undefined;
}

/** A wrong value of a flag: `--fit covr: did you mean cover? Accepted: cover, contain, …` */
export function refusal(given: string, accepted: string, meant?: string): TintypeError {
  const start = meant === undefined ? `${given} is not accepted.` : `${given}: did you mean ${meant}?`;
  return new TintypeError('invalid-request', `${start} Accepted: ${accepted}`);
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment distance). */
export function edits(from: string, to: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      const swaps = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + differs,
        swaps ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = previous;
    previous = current;
  }
  return previous[to.length] ?? 0;
}
