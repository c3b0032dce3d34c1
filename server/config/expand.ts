import type { Config } from '@llamactl/contract/config';
import { join, resolve } from 'node:path';

/** Base of relative paths in the configuration. */
export interface PathBase {
  home: string;
  /** Base folder of this key's relative path: the file's folder, or the working directory. */
  folder(path: readonly PropertyKey[]): string;
}

/** Makes the paths of the configuration absolute: `data_dir`, those of `models`, and the commands of engines. */
export function expandPaths(config: Config, base: PathBase): Config {
  const absolute = (path: string, key: readonly PropertyKey[]): string =>
    resolve(base.folder(key), withoutTilde(path, base.home));
  const command = (name: string, written: string): string =>
    // A bare name is searched on PATH.
    written.includes('/') || written === '~' ? absolute(written, ['engines', name, 'command']) : written;
  const engines = Object.entries(config.engines).map(([name, engine]) => [
    name,
    { ...engine, command: command(name, engine.command) },
  ]);
  return {
    ...config,
    data_dir: absolute(config.data_dir, ['data_dir']),
    models: {
      ...config.models,
      dirs: config.models.dirs.map((path) => absolute(path, ['models', 'dirs'])),
      cache_dir: config.models.cache_dir && absolute(config.models.cache_dir, ['models', 'cache_dir']),
    },
    engines: Object.fromEntries(engines) as Config['engines'],
  };
}

/** Expands `~` and `~/…` as a shell does, but no other user's home. */
function withoutTilde(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}
