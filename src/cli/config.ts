import { Command } from 'commander';
import { type Config, readConfig } from '../config/config.ts';
import { type ValueKind, withoutPassword } from '../config/values.ts';
import { variables } from '../config/variables.ts';
import { table } from './table.ts';

interface EffectiveValue {
  readonly name: string;
  /** Null when it is unset and has no default. */
  readonly value: Config[keyof Config] | null;
  readonly from: 'environment' | 'default';
}

export function configCommand(): Command {
  return new Command('config')
    .description('show the effective configuration and where each value comes from; secrets are hidden')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const values = effectiveValues(process.env);
      console.log(json ? JSON.stringify(values, null, 2) : asTable(values));
    });
}

function effectiveValues(env: NodeJS.ProcessEnv): EffectiveValue[] {
  const config = readConfig(env);
  return (Object.keys(variables) as (keyof Config)[]).map(name => ({
    name,
    value: shown(name, config[name]) ?? null,
    from: env[name] ? 'environment' : 'default',
  }));
}

/** Without secrets: values that are one, and passwords in URLs. */
function shown(name: keyof Config, value: Config[keyof Config]): Config[keyof Config] {
  const { kind }: { kind: ValueKind<unknown> } = variables[name];
  if (kind.isSecret && value !== undefined) return '…';
  return typeof value === 'string' ? withoutPassword(value) : value;
}

function asTable(values: readonly EffectiveValue[]): string {
  const rows = values.map(({ name, value, from }) => [name, value === null ? '–' : String(value), from]);
  return table(['variable', 'value', 'from'], rows);
}
