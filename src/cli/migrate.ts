import { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { openSqlite } from '../job-store/sqlite/sqlite.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description("bring the job store's tables up to date; serve does it at its start as well")
    .action(migrate);
}

async function migrate(): Promise<void> {
  const config = readConfig(process.env);
  const store = await openSqlite({ file: config.DATABASE_URL, exclusive: false });
  try {
    const applied = await store.migrate();
    console.log(applied.length === 0 ? 'Up to date.' : applied.map(name => `Applied ${name}`).join('\n'));
  } finally {
    await store.close();
  }
}
