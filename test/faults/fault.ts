import { appendFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';

/** One row of docs/faults.md: what is done to the service, and what must be true of it then. */
export interface Fault<Size> {
  /** The number of the row; its file is `<number>-<name>.test.ts`, the same for variants (`5b`, `1 Postgres`). */
  readonly row: string;
  readonly fault: string;
  readonly mustShow: string;
  /** A scaled-down round for `npm test`: seconds, not minutes. */
  readonly inTests: Size;
  /** For `npm run faults`. */
  readonly full: Size;
}

/** Adds a figure to the row's line; also of a row that fails afterwards. */
export type Report = (name: string, figure: number | string) => void;

export interface FaultResult {
  readonly row: string;
  readonly fault: string;
  readonly mustShow: string;
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Where results of rows at their full size go, a line each; without it a row runs scaled down. */
const results = process.env.TINTYPE_FAULT_RESULTS;
/** Else a round of `npm test`, which is to take seconds. */
export const isFullSize = results !== undefined;
const longestMs = isFullSize ? 3_600_000 : 280_000;

/** Declares a row as a test. `run` asserts what must be shown, reports its figures, and cleans up after itself. */
export function fault<Size>(
  { row, fault: name, mustShow, inTests, full }: Fault<Size>,
  run: (size: Size, report: Report, t: TestContext) => Promise<void>,
): void {
  test(`row ${row}: ${name}: ${mustShow}`, { timeout: longestMs }, async t => {
    const figures: Record<string, number | string> = {};
    let passed = false;
    try {
      await run(isFullSize ? full : inTests, (figure, value) => (figures[figure] = value), t);
      passed = true;
    } finally {
      const line = { row, fault: name, mustShow, passed, figures } satisfies FaultResult;
      if (results !== undefined) appendFileSync(results, `${JSON.stringify(line)}\n`);
      t.diagnostic(`row ${row}: ${JSON.stringify(figures)}`);
    }
  });
}
