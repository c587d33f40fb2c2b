/** A row that a statement must have returned. */
export function returned<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('the database returned no row for what it wrote');
  return row;
}
