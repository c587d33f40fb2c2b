import { Command } from 'commander';
import { type Config, givenText, readConfig, writtenValue } from '../config/config.ts';
import { type ValueKind, withoutPassword } from '../config/values.ts';
import { variables } from '../config/variables.ts';
import { table } from './table.ts';
import { type UnknownVariable, unknownVariables } from './unknown-variables.ts';

interface EffectiveValue {
  readonly name: string;
  /** As it would be written in the environment; null when it is unset and has no default. */
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
      for (const found of unknownVariables(process.env)) console.error(warning(found));
    });
}

function effectiveValues(env: NodeJS.ProcessEnv): EffectiveValue[] {
  const config = readConfig(env);
  return (Object.keys(variables) as (keyof Config)[]).map(name => ({
    name,
    value: shown(name, config[name]) ?? null,
    from: givenText(env, name) ? 'environment' : 'default',
  }));
}

/** Without secrets: values that are one, and passwords in URLs. */
function shown(name: keyof Config, value: Config[keyof Config]): Config[keyof Config] {
  const { kind }: { kind: ValueKind<unknown> } = variables[name];
  if (kind.isSecret && value !== undefined) return '…';
  const written = writtenValue(name, value);
  return typeof written === 'string' ? withoutPassword(written) : written;
}

function warning({ variable, meant }: UnknownVariable): string {
  return `${variable} is set and not known.${meant === undefined ? '' : ` Did you mean ${meant}?`}`;
}

function asTable(values: readonly EffectiveValue[]): string {
  const rows = values.map(({ name, value, from }) => [name, value === null ? '–' : String(value), from]);
  return table(['variable', 'value', 'from'], rows);
}
