import { groupMigrationContract } from '../../../test/contracts/group-migration.ts';
import { temporaryFile } from '../../../test/support/sqlite-file.ts';
import { openSqliteTables } from '../sqlite/sqlite-tables.ts';

groupMigrationContract(async () => {
  await using cleanup = new AsyncDisposableStack();
  const { file } = cleanup.use(await temporaryFile());
  const tables = cleanup.adopt(openSqliteTables(file, false), opened => opened.close());
  const kept = cleanup.move();
  return { tables, [Symbol.asyncDispose]: () => kept.disposeAsync() };
});
