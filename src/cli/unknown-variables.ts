import type { Environment } from '../config/config.ts';
import { leafVariables } from '../config/leaf-config.ts';
import { otherNames, variables } from '../config/variables.ts';
import { edits } from './nearest.ts';

/** A variable that nobody reads, and looks as if somebody thought that Tintype does. */
export interface UnknownVariable {
  readonly variable: string;
  /** The one that was probably meant. */
  readonly meant?: string;
}

const names = [...Object.keys(variables), ...Object.values(otherNames)];
/** Those of the leaf system stand in the same files of settings. */
const known = new Set([...names, ...Object.keys(leafVariables)]);
const firstWords = new Set(names.map(firstWord).filter(word => word !== ''));
/** Its SDK reads many more than we name. */
const foreign = 'AWS_';

/** Those that are a few letters away from one of ours, or begin like one. Their values are nobody's business here. */
export function unknownVariables(env: Environment): UnknownVariable[] {
  return Object.keys(env).flatMap(variable => {
    if (known.has(variable) || variable.startsWith(foreign) || !env[variable]) return [];
    const meant = meantBy(variable.replace(/^TINTYPE_/, ''));
    if (meant !== undefined) return [{ variable, meant }];
    return firstWords.has(firstWord(variable)) ? [{ variable }] : [];
  });
}

/** Two edits of a long name, one of a short one: HOME is not HOST. */
function meantBy(word: string): string | undefined {
  const most = word.length > 6 ? 2 : 1;
  return names.find(name => edits(word, name) <= most);
}

/** With its `_`; empty where the name is a single word. */
function firstWord(name: string): string {
  return /^[A-Z\d]+_/.exec(name)?.[0] ?? '';
}
