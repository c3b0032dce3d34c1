import { errorWords } from '@llamactl/contract/reason';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Environment } from './env.ts';
import { configKeys } from './config-keys.ts';
import type { ConfigKey } from './config-keys.ts';
import { goVariable } from './go-variables.ts';
import { suggestion } from '../suggestion.ts';
import { parseText } from './text-value.ts';

/** A key that is set outside the file. */
export interface Override {
  key: ConfigKey;
  value: unknown;
  /** Source of the value in messages: the variable's name, or `command line`. */
  source: string;
  from: 'environment' | 'flag';
}

/** The keys that were set, and all problems with them. */
export interface Overrides {
  overrides: Override[];
  problems: string[];
}

/** Name of the source of flags in messages; the command line decides how flags are spelled. */
export const COMMAND_LINE = 'command line';

/** The name of the variable or the flag. A flag has the name of its key's last step. */
export function nameOf({ from, source, key }: Override): string {
  return from === 'flag' ? `--${(key.path.at(-1) ?? '').replaceAll('_', '-')}` : source;
}

/** llamactl's variables that are not configuration: for the command line, the first start, engines, `alerts.command`. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'LLAMACTL_CONFIG',
  'LLAMACTL_URL',
  'LLAMACTL_TOKEN',
  'LLAMACTL_ADMIN_PASSWORD',
  'LLAMACTL_RUN',
  'LLAMACTL_ALERT_STATE',
  'LLAMACTL_ALERT_LEVEL',
  'LLAMACTL_ALERT_CODE',
  'LLAMACTL_ALERT_INSTANCE',
  'LLAMACTL_ALERT_TITLE',
  'LLAMACTL_ALERT_MESSAGE',
  'LLAMACTL_ALERT_RAISED_AT',
  'LLAMACTL_ALERT_JSON',
]);
const PREFIX = 'LLAMACTL_';
const TEST_PREFIX = 'LLAMACTL_TEST_';

/** Only the file may set this key: permission to set a service's variables or flags does not include running any code. */
const FILE_ONLY = 'security.allow_privileged';

const FILE_SUFFIX = '_FILE';

/**
 * Reads every `LLAMACTL_…` variable. An unknown one is a problem: it has no effect, although it was set on purpose.
 *
 * @param cwd Base of relative paths in `…_FILE`.
 */
export function fromEnvironment(environment: Environment, cwd: string): Overrides {
  const keys = new Map(configKeys().map((key) => [key.variable, key]));
  const found: Overrides = { overrides: [], problems: [] };
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || name.startsWith(TEST_PREFIX) || OTHER_VARIABLES.has(name)) continue;
    const key = keys.get(name);
    const secret = name.endsWith(FILE_SUFFIX) ? keys.get(name.slice(0, -FILE_SUFFIX.length)) : undefined;
    if (key) assign(found, key, text, name);
    else if (secret) assignFromFile(found, secret, text, name, { environment, cwd });
    else found.problems.push(unknownVariable(name, keys.keys()));
  }
  return found;
}

/** Reads flags: dotted names of keys and their values as text. */
export function fromFlags(flags: Readonly<Record<string, string>>): Overrides {
  const keys = new Map(configKeys().map((key) => [key.name, key]));
  const found: Overrides = { overrides: [], problems: [] };
  for (const [name, text] of Object.entries(flags)) {
    const key = keys.get(name);
    if (key) assign(found, key, text, COMMAND_LINE);
    else
      found.problems.push(
        `${COMMAND_LINE}: ${name} is not a key of the configuration.${didYouMean(name, keys.keys())}`,
      );
  }
  return found;
}

function assign(found: Overrides, key: ConfigKey, text: string, source: string): void {
  if (key.name === FILE_ONLY) {
    found.problems.push(`${source}: ${FILE_ONLY} can be set in the configuration file only.`);
    return;
  }
  const parsed = parseText(text, key.kind);
  const from = source === COMMAND_LINE ? 'flag' : 'environment';
  if ('value' in parsed) found.overrides.push({ key, value: parsed.value, source, from });
  else found.problems.push(`${source}: ${key.name} ${parsed.problem}.`);
}

/** Reads a secret from a file, as container platforms provide it, without the line feed at its end. */
function assignFromFile(
  found: Overrides,
  key: ConfigKey,
  path: string,
  source: string,
  { environment, cwd }: { environment: Environment; cwd: string },
): void {
  if (!key.isSecret) {
    found.problems.push(`${source}: only secrets are read from a file. Set ${key.variable} to the value itself.`);
  } else if (key.variable in environment) {
    found.problems.push(`${source}: ${key.variable} is set too. Set only one of them.`);
  } else {
    try {
      assign(found, key, readFileSync(resolve(cwd, path), 'utf8').trimEnd(), source);
    } catch (error) {
      found.problems.push(`${source}: ${path} cannot be read (${errorWords(error)}).`);
    }
  }
}

function unknownVariable(name: string, variables: Iterable<string>): string {
  const ofGo = goVariable(name);
  if (ofGo !== null) return `${name}: ${ofGo}`;
  const known = [...variables];
  const inSection = sectionLeftOut(name, known);
  const hint = inSection === null ? didYouMean(name, [...known, ...OTHER_VARIABLES]) : ` Did you mean ${inSection}?`;
  return `${name}: no variable of this name is known.${hint === '' ? ' Unset it; docs/configuration.md lists all.' : hint}`;
}

/**
 * Finds the variable of a name that lacks its section: `LLAMACTL_SERVER_PORT` for `LLAMACTL_PORT`. `null`: no section
 * has such a key, or several have one and `server` has none.
 */
function sectionLeftOut(name: string, known: readonly string[]): string | null {
  const ending = name.slice(PREFIX.length - 1);
  const meant = known.filter((each) => ending.length > 1 && each.endsWith(ending));
  return meant.find((each) => each.startsWith(`${PREFIX}SERVER_`)) ?? (meant.length === 1 ? (meant[0] ?? null) : null);
}

function didYouMean(name: string, known: Iterable<string>): string {
  const meant = suggestion(name, known);
  return meant === null ? '' : ` Did you mean ${meant}?`;
}
