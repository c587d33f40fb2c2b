import { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { openStoreOf } from './existing-store.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description("bring the job store's tables up to date; serve does it at its start as well")
    .action(migrate);
}

async function migrate(): Promise<void> {
  const store = await openStoreOf(readConfig(process.env));
  try {
    const applied = await store.migrate();
    console.log(applied.length === 0 ? 'Up to date.' : applied.map(name => `Applied ${name}`).join('\n'));
  } finally {
    await store.close();
  }
}
