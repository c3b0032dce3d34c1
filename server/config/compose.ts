import { dirname } from 'node:path';
import { ConfigSchema } from '@llamactl/contract/config';
import type { Config } from '@llamactl/contract/config';
import type { Override } from './overrides.ts';
import type { ConfigFile } from './config-document.ts';
import { expandPaths } from './expand.ts';
import { describeIssues, wording } from './issues.ts';
import type { ConfigProblem } from './issues.ts';
import { keysBelow } from './config-keys.ts';
import { isRecord } from '@llamactl/contract/record';
import type { Values } from './record.ts';
import { isLoopbackHost } from './loopback.ts';

/** The inputs of the configuration besides the file. */
export interface ConfigInputs {
  /** From variables and flags; a later one wins. */
  overrides: readonly Override[];
  /** Home directory of our user, for `~`. */
  home: string;
  cwd: string;
}

/** The parts of a file that composing needs. `values` may differ from the text of the file. */
export type FileValues = Pick<ConfigFile, 'path' | 'values' | 'locate'>;

/** A problem and where to fix it: `file:line`, a variable, the command line; `null`: nowhere. */
export type PlacedProblem = ConfigProblem & { place: string | null };

/** A valid configuration. */
export interface ComposedConfig {
  /** Complete and checked, with paths as written. */
  written: Config;
  /** The same with absolute paths, for running. */
  config: Config;
}

/** Merges default < file < environment < flag, or returns all problems of the result. */
export function composeConfig(
  file: FileValues | null,
  { overrides, home, cwd }: ConfigInputs,
): { composed: ComposedConfig; problems: null } | { composed: null; problems: PlacedProblem[] } {
  const sourceOf = sources(file, overrides, cwd);
  const parsed = ConfigSchema.safeParse(overlaid(file?.values ?? {}, overrides), { error: wording });
  const problems = parsed.success ? brokenRules(parsed.data) : describeIssues(parsed.error.issues);
  if (!parsed.success || problems.length > 0)
    return { composed: null, problems: problems.map((each) => ({ ...each, place: sourceOf(each.path).place })) };
  const config = expandPaths(parsed.data, { home, folder: (path) => sourceOf(path).folder });
  return { composed: { written: parsed.data, config }, problems: null };
}

/** Checks rules that involve several keys. */
function brokenRules(config: Config): ConfigProblem[] {
  const { host } = config.server;
  if (config.auth.enabled || isLoopbackHost(host)) return [];
  return [
    {
      path: ['server', 'host'],
      words:
        `is ${host}, which other machines may reach, and everybody would be an administrator: set auth.enabled: true ` +
        `(\`llamactl config set server.host=${host} auth.enabled=true\` writes both; ` +
        'with auth.inference: open, /v1 works without keys), or use 127.0.0.1 and a tunnel such as ssh -L.',
    },
  ];
}

/** The values of a file, overridden by variables and flags, without defaults. */
export function overlaid(values: Values, overrides: readonly Override[]): Record<string, unknown> {
  const overlay = withoutEmpty(values);
  for (const { key, value } of overrides) set(overlay, key.path, value);
  return overlay;
}

/** The override that sets the key at `path`, or a map around that key. */
export function overrideOf(overrides: readonly Override[], path: readonly PropertyKey[]): Override | undefined {
  return overrides.findLast(({ key }) => key.path.every((step, index) => path[index] === step));
}

/** The source of a value, and the base of its relative paths. */
interface Source {
  /** `null`: a default. */
  place: string | null;
  folder: string;
}

/** Finds sources with the precedence of the values: variables and flags win over the file, a later one over an earlier. */
function sources(file: FileValues | null, overrides: readonly Override[], cwd: string) {
  return (path: readonly PropertyKey[]): Source => {
    const assigned = overrideOf(overrides, path);
    if (assigned) return { place: assigned.source, folder: cwd };
    return file ? { place: file.locate(path), folder: dirname(file.path) } : { place: null, folder: cwd };
  };
}

/** Leaves out keys without a value: a `server:` with nothing but comments below it keeps the defaults. */
export function withoutEmpty(values: Values, path: readonly string[] = []): Record<string, unknown> {
  const known = keysBelow(path);
  const kept = Object.entries(values).filter(([key, value]) => value !== null || !known.includes(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const isSection = isRecord(value) && keysBelow([...path, key]).length > 0;
      return [key, isSection ? withoutEmpty(value, [...path, key]) : value];
    }),
  );
}

/** Sets a value at a path. Does not touch a section that is no map: the schema reports that. */
function set(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const section = values[key] ?? {};
  if (!isRecord(section)) return;
  values[key] = section;
  set(section, rest, value);
}
