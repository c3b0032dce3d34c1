import { isDeepStrictEqual } from 'node:util';
import { ConfigSchema, WITHOUT_EFFECT } from '@llamactl/contract/config';
import type { Config } from '@llamactl/contract/config';
import { fromEnvironment, fromFlags } from './overrides.ts';
import { composeConfig } from './compose.ts';
import type { ComposedConfig, PlacedProblem, ConfigInputs } from './compose.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigFile } from './config-document.ts';
import type { Environment } from './env.ts';
import { readConfigFile } from './file.ts';
import type { FileSearch } from './file.ts';
import { sentenceOf } from './issues.ts';
import { configKeys } from './config-keys.ts';
import { valueAt } from './record.ts';

/** All inputs of the configuration. */
export interface ConfigRequest {
  /** From `--config`; `null`: the usual places. */
  configFile: string | null;
  /** From the other flags: dotted key → value as text, such as `server.port` → `9000`. */
  overrides: Readonly<Record<string, string>>;
  environment: Environment;
  /** Home directory of our user, for `~`. */
  home: string;
  cwd: string;
  /** Id of our user. */
  uid: number;
  /** Whether to use `llamactl.yaml` in the working directory: only for `serve`. */
  searchLocal: boolean;
  /** `/etc`; replaced only in tests. */
  systemFolder?: string;
}

/** The configuration to run with. */
export interface LoadedConfig {
  /** Complete and checked; its paths are absolute. */
  config: Config;
  /** Absolute path of the file that was read; `null`: no file. */
  file: string | null;
  /** Sentences to print at the start: a skipped file, keys without effect. */
  warnings: string[];
  /** The inputs, for showing or changing the configuration later. */
  origin: ConfigOrigin;
}

/** The inputs of a start; the next start has the same, except for the file. */
export interface ConfigOrigin {
  search: FileSearch;
  surroundings: ConfigInputs;
  file: ConfigFile | null;
  composed: ComposedConfig;
}

/**
 * Composes the configuration: default < file < environment < flag. An unknown key, an unknown variable or an unreadable
 * file is an error.
 *
 * Throws a {@link ConfigError} with every problem that was found.
 */
export function loadConfig(request: ConfigRequest): LoadedConfig {
  const { environment, home, cwd, uid, searchLocal } = request;
  const search: FileSearch = {
    flag: request.configFile,
    variable: environment['LLAMACTL_CONFIG'],
    home,
    cwd,
    uid,
    searchLocal,
    systemFolder: request.systemFolder ?? '/etc',
  };
  const { file, warnings } = readConfigFile(search);
  const variables = fromEnvironment(environment, cwd);
  const flags = fromFlags(request.overrides);
  const surroundings = { overrides: [...variables.overrides, ...flags.overrides], home, cwd };
  const { composed, problems } = composeConfig(file, surroundings);
  const sentences = [
    ...variables.problems,
    ...flags.problems,
    ...(problems ?? []).toSorted(inOrderOfLines).map(placed),
  ];
  if (composed === null || sentences.length > 0) throw new ConfigError(sentences);
  return {
    config: composed.config,
    file: file?.path ?? null,
    warnings: [...warnings, ...withoutEffect(composed.written)],
    origin: { search, surroundings, file, composed },
  };
}

/** Problems of the file in the order of its lines; the schema reports them by kind. */
function inOrderOfLines({ place: one }: PlacedProblem, { place: other }: PlacedProblem): number {
  const lineOf = (place: string | null): number => Number(/:(\d+)$/.exec(place ?? '')?.[1] ?? 0);
  return lineOf(one) - lineOf(other);
}

/** A sentence that begins with the place to fix the problem. */
export function placed(problem: PlacedProblem): string {
  return problem.place === null ? sentenceOf(problem) : `${problem.place}: ${sentenceOf(problem)}`;
}

/** A warning that names the changed keys without effect. */
function withoutEffect(config: Config): string[] {
  const defaults = ConfigSchema.parse({});
  const changed = configKeys()
    .filter(({ name }) => WITHOUT_EFFECT.has(name))
    .filter(({ path }) => !isDeepStrictEqual(valueAt(config, path), valueAt(defaults, path)))
    .map(({ name }) => name);
  return changed.length === 0 ? [] : [`Set, but without effect in this version: ${changed.join(', ')}.`];
}
