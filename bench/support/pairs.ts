import { median } from '../../test/support/percentile.ts';

/** What one side of a comparison did in one round: more is better. */
export type Measure = () => Promise<number>;

export interface Comparison {
  /** Medians over the rounds. */
  readonly oursMedian: number;
  readonly peerMedian: number;
  /** Ours / peer, round by round. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
  readonly rounds: number;
}

/** Runs both sides in turn, A B A B …, after one uncounted round of each, so that a machine's moods hit both. */
export async function compare(ours: Measure, peer: Measure, rounds: number): Promise<Comparison> {
  await ours();
  await peer();
  const pairs: [number, number][] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push([await ours(), await peer()]);
  const ratios = pairs.map(([a, b]) => a / b).sort((a, b) => a - b);
  return {
    oursMedian: round3(median(pairs.map(([a]) => a))),
    peerMedian: round3(median(pairs.map(([, b]) => b))),
    ratio: { median: round3(median(ratios)), least: round3(ratios[0]), most: round3(ratios.at(-1)) },
    rounds,
  };
}

/** Three significant digits or so: what a figure of this kind can carry. */
export function round3(value: number | undefined): number {
  return Number((value ?? Number.NaN).toPrecision(4));
}

/** Runs `task` for 0 … count − 1, `inFlight` at a time; resolves to the seconds it took. */
export async function inParallel(
  count: number,
  inFlight: number,
  task: (index: number) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (performance.now() - started) / 1000;
}
