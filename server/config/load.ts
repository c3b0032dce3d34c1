import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigSchema } from '@llamactl/contract/config';
import type { Config } from '@llamactl/contract/config';
import { fromEnvironment, fromFlags } from './assignments.ts';
import type { Assignment } from './assignments.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './env.ts';
import { expandPaths } from './expand.ts';
import { readConfigFile } from './file.ts';
import type { ConfigFile } from './file.ts';
import { describeIssues, wording } from './issues.ts';
import type { ConfigProblem } from './issues.ts';
import { configKeys, keysBelow } from './keys.ts';
import { WITHOUT_EFFECT, brokenRules } from './rules.ts';

/** Everything that the configuration is made of. */
export interface ConfigRequest {
  /** From `--config`; `null`: the usual places. */
  configFile: string | null;
  /** From the other flags: dotted key → value as text, such as `server.port` → `9000`. */
  overrides: Readonly<Record<string, string>>;
  environment: Environment;
  /** Home directory of our user: what `~` means. */
  home: string;
  cwd: string;
  /** Number of our user. */
  uid: number;
  /** Whether `llamactl.yaml` in the working directory counts: only for `serve`. */
  searchLocal: boolean;
  /** `/etc`; another one only for tests. */
  systemFolder?: string;
}

/** The configuration to run with. */
export interface LoadedConfig {
  /** Complete and checked; its paths are absolute. */
  config: Config;
  /** Absolute path of the file that was read; `null`: there is none. */
  file: string | null;
  /** Sentences for whoever started us: a file that was passed over, keys without effect. */
  warnings: string[];
}

/**
 * Puts the configuration together: default < file < environment < flag. Nothing is guessed: an unknown key, an unknown
 * variable or an unreadable file ends it.
 *
 * Throws a {@link ConfigError} with every problem that was found.
 */
export function loadConfig(request: ConfigRequest): LoadedConfig {
  const { environment, home, cwd, uid, searchLocal } = request;
  const { file, warnings } = readConfigFile({
    flag: request.configFile,
    variable: environment['LLAMACTL_CONFIG'],
    home,
    cwd,
    uid,
    searchLocal,
    systemFolder: request.systemFolder ?? '/etc',
  });
  const variables = fromEnvironment(environment, cwd);
  const flags = fromFlags(request.overrides);
  const assignments = [...variables.assignments, ...flags.assignments];
  const sourceOf = sources(file, assignments, cwd);

  const values = file === null ? {} : withoutEmpty(file.values);
  for (const { key, value } of assignments) set(values, key.path, value);
  const parsed = ConfigSchema.safeParse(values, { error: wording });
  const problems = parsed.success ? brokenRules(parsed.data) : describeIssues(parsed.error.issues);
  const sentences = [...variables.problems, ...flags.problems, ...problems.map((problem) => placed(problem, sourceOf))];
  if (!parsed.success || sentences.length > 0) throw new ConfigError(sentences);

  return {
    config: expandPaths(parsed.data, { home, folder: (path) => sourceOf(path).folder }),
    file: file?.path ?? null,
    warnings: [...warnings, ...withoutEffect(parsed.data)],
  };
}

/** Where a value comes from: in words, and the folder in which its relative paths begin. */
interface Source {
  /** `null`: a default. */
  place: string | null;
  folder: string;
}
type SourceOf = (path: readonly PropertyKey[]) => Source;

/** What is set outside of the file wins over it, the last over the first, as the values do. */
function sources(file: ConfigFile | null, assignments: readonly Assignment[], cwd: string): SourceOf {
  return (path) => {
    const assigned = assignments.findLast(({ key }) => key.path.every((step, index) => path[index] === step));
    if (assigned) return { place: assigned.source, folder: cwd };
    return file ? { place: file.locate(path), folder: dirname(file.path) } : { place: null, folder: cwd };
  };
}

function placed({ path, sentence }: ConfigProblem, sourceOf: SourceOf): string {
  const { place } = sourceOf(path);
  return place === null ? sentence : `${place}: ${sentence}`;
}

/** Leaves out keys without a value: `server:` above lines that are all comments keeps the defaults. */
function withoutEmpty(
  values: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): Record<string, unknown> {
  const known = keysBelow(path);
  const kept = Object.entries(values).filter(([key, value]) => value !== null || !known.includes(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const isSection = isRecord(value) && keysBelow([...path, key]).length > 0;
      return [key, isSection ? withoutEmpty(value, [...path, key]) : value];
    }),
  );
}

/** A section that is no map is left alone: the schema says so. */
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

/** Says which keys were changed in vain. */
function withoutEffect(config: Config): string[] {
  const defaults = ConfigSchema.parse({});
  const changed = configKeys()
    .filter(({ name }) => WITHOUT_EFFECT.has(name))
    .filter(({ path }) => !isDeepStrictEqual(valueAt(config, path), valueAt(defaults, path)))
    .map(({ name }) => name);
  return changed.length === 0 ? [] : [`Set, but without effect in this version: ${changed.join(', ')}.`];
}

function valueAt(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), config);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
