/** A table of Markdown; cells but the first stand right. */
export function pageTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [header, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

/** With three digits that count; whole from 100 on. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 });
}

export function megabytes(bytes: number): string {
  return figure(bytes / 1e6);
}

/** For people: `85 ms`, `4.2 s`, `312 s`. */
export function secondsText(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${figure(seconds)} s`;
}

export function dollars(amount: number): string {
  return amount < 10 ? amount.toFixed(2) : Math.round(amount).toLocaleString('en');
}
