/** What one page holds as JSON, about: some jobs have 30 KB, and a client need not read what it asks for. */
const mostBytes = 1_048_576;
const rowsAtOnce = 50;

/**
 * What stands in these rows, from the first on: all of it, or as much as is not too many bytes for a page, but one entry
 * at least. What does not fit is not read either.
 * @param read makes the entries of some rows, in their order
 */
export async function boundedPage<Row, Entry>(
  rows: readonly Row[],
  read: (rows: readonly Row[]) => Promise<Entry[]>,
): Promise<Entry[]> {
  const page: Entry[] = [];
  let bytes = 0;
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    for (const entry of await read(rows.slice(start, start + rowsAtOnce))) {
      bytes += Buffer.byteLength(JSON.stringify(entry));
      if (bytes > mostBytes && page.length > 0) return page;
      page.push(entry);
    }
  }
  return page;
}
