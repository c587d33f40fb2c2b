/** One row of docs/benchmarks.md. */
export interface Row {
  readonly number: string;
  readonly work: string;
  readonly peer: string;
  readonly goal: string;
  /** Figures by name; `figure` is the one that the goal speaks of. */
  measure(): Promise<{ figure: number } & Record<string, unknown>>;
}
