import os from 'node:os';
import path from 'node:path';
import { readEnvironment, variablesIn } from './config/env.ts';
import { loadConfig, type LoadedConfig } from './config/load.ts';

export { ConfigError } from './config/config-error.ts';

/** Options of the command line. */
interface ServeOptions {
  /** `--config`; `null`: the usual places. */
  configFile: string | null;
  /** Dotted key → value as text, such as `server.port` → `9000`. */
  overrides: Readonly<Record<string, string>>;
  /** Whether `./llamactl.yaml` is searched. */
  searchLocal: boolean;
  /** Absolute folder to which paths are relative; left out: the working directory of this process. */
  workingDirectory?: string;
  /** The user's variables and absolute home directory; left out: those of this process. */
  user?: { environment: Readonly<Record<string, string | undefined>>; home: string };
}

/**
 * Reads the configuration from file, environment and flags.
 *
 * @throws {ConfigError} with every problem, for people
 */
export function readConfig({ workingDirectory, user, ...options }: ServeOptions): LoadedConfig {
  return loadConfig({
    ...options,
    environment: user === undefined ? readEnvironment() : variablesIn(user.environment),
    home: user?.home ?? homeDirectory(),
    cwd: workingDirectory ?? process.cwd(),
    uid: process.getuid?.() ?? 0,
  });
}

/** Returns HOME if it is absolute. An empty or relative one would put files into the root or the working directory. */
function homeDirectory(): string {
  const home = os.homedir();
  return path.isAbsolute(home) ? home : os.userInfo().homedir;
}
