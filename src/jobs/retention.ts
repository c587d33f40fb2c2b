/** The units in which durations are written, in milliseconds. */
export const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Ten years, in milliseconds. */
export const longestRetentionMs = 3_650 * unitMs.d;
/** A whole number and its unit, as a regular expression. */
export const retentionPattern = '^[1-9][0-9]{0,8}[smhd]$';
export const retentionAccepts = 'a whole number with s, m, h or d, such as 90s, 30m, 12h or 7d, up to 3650d';

/** How long results are kept, in milliseconds; undefined when the text says no such time. */
export function parseRetention(text: string): number | undefined {
  if (!new RegExp(retentionPattern).test(text)) return undefined;
  const ms = Number(text.slice(0, -1)) * unitMs[text.at(-1) as keyof typeof unitMs];
  return ms <= longestRetentionMs ? ms : undefined;
}

/** As `parseRetention` reads it, in the largest unit that fits. */
export function writeRetention(ms: number): string {
  const [unit, length] = Object.entries(unitMs).findLast(([, each]) => ms % each === 0) ?? ['s', unitMs.s];
  return `${Math.round(ms / length)}${unit}`;
}
