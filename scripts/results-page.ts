import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';

/**
 * Puts lines into the table at the end of a page of docs/: each replaces the line that begins with the same cell, or
 * joins the end. The date and the machine are added as the last cell.
 */
export function writeResults(
  page: string,
  lines: readonly (readonly [row: string, ...cells: string[]])[],
): void {
  let text = readFileSync(page, 'utf8');
  for (const [row, ...cells] of lines) {
    const written = `| ${[row, ...cells, measured()].join(' | ')} |`;
    const present = new RegExp(`^\\| ${row} \\|.*$`, 'm');
    text = present.test(text) ? text.replace(present, () => written) : `${text.trimEnd()}\n${written}\n`;
  }
  writeFileSync(page, text);
}

/** Figures by name as one cell. */
export function figuresCell(figures: Readonly<Record<string, unknown>>): string {
  return Object.entries(figures)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'object' ? JSON.stringify(value).replaceAll('"', '') : value}`,
    )
    .join(', ');
}

function measured(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${os.availableParallelism()} × ${os.cpus()[0]?.model.trim()}`;
}
