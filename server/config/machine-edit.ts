import type { ConfigPatch, ConfigView, ConfigWritten } from '@llamactl/contract/config';
import { COMMAND_LINE } from './overrides.ts';
import type { Override } from './overrides.ts';
import { composeConfig } from './compose.ts';
import { ConfigError } from './config-error.ts';
import { createConfigEditor } from './config-editor.ts';
import { readConfigFile } from './file.ts';
import type { FileSearch } from './file.ts';
import { configKeys } from './config-keys.ts';
import { type LoadedConfig, placed } from './load.ts';
import { pinning } from './patch.ts';
import { valueAt } from './record.ts';
import { pinned } from './config-refusals.ts';

/** The configuration as a server shows it. */
export type ShownConfig = Pick<ConfigView, 'sources' | 'file'> & { config: unknown };

/** The user of this machine who edits a configuration file. */
export interface MachineUser {
  /** Absolute. */
  home: string;
  cwd: string;
  uid: number;
}

/**
 * Changes the configuration file of a server on this machine as its user, including keys that no request may change.
 * `restart_required` of the result compares with the previous file.
 *
 * @param view The server's view, which names the file to change and the server's variables and flags.
 * @throws {ApiError} `VALIDATION_ERROR`, `FORBIDDEN`, `CONFIG_PINNED` or `CONFIG_READ_ONLY`; then nothing was written
 * @throws {ConfigError} when the present file is not usable
 */
export async function editConfigFile(view: ShownConfig, patch: ConfigPatch, user: MachineUser): Promise<ConfigWritten> {
  const { home, cwd, uid } = user;
  const winners = winnersIn(view);
  // The server does not show secrets, so any change of an overridden secret counts as overridden.
  const secrets = winners.filter(({ key }) => key.isSecret);
  const losing = pinning(patch, view.config, secrets);
  if (losing.length > 0) throw pinned(losing);

  const search: FileSearch = {
    flag: view.file,
    variable: undefined,
    home,
    cwd,
    uid,
    searchLocal: false,
    systemFolder: '/etc',
  };
  const { file } = readConfigFile(search);
  const surroundings = { overrides: winners.filter(({ key }) => !key.isSecret), home, cwd };
  const { composed, problems } = composeConfig(file, surroundings);
  if (composed === null) throw new ConfigError(problems.map(placed));
  return createConfigEditor({ search, surroundings, file, composed }, undefined, 'machine user').update(patch);
}

/**
 * Changes the configuration file that the next server of this machine reads, as {@link editConfigFile} does for one that runs.
 *
 * @throws {ApiError} as {@link editConfigFile}
 */
export function editNextConfig({ origin }: Pick<LoadedConfig, 'origin'>, patch: ConfigPatch): Promise<ConfigWritten> {
  return createConfigEditor(origin, undefined, 'machine user').update(patch);
}

/** The variables and flags that win over a server's file. */
function winnersIn({ config, sources }: ShownConfig): Override[] {
  return configKeys().flatMap((key) => {
    const source = sources[key.name];
    if (source?.from !== 'environment' && source?.from !== 'flag') return [];
    const name = source.from === 'flag' ? COMMAND_LINE : (source.name ?? key.variable);
    return [{ key, value: valueAt(config, key.path), source: name, from: source.from }];
  });
}
