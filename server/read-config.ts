import os from 'node:os';
import path from 'node:path';
import { readEnvironment } from './config/env.ts';
import { loadConfig, type LoadedConfig } from './config/load.ts';

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
}

/**
 * Reads the configuration from file, environment and flags.
 *
 * @throws {ConfigError} with every problem, for people
 */
export function readConfig({ workingDirectory, ...options }: ServeOptions): LoadedConfig {
  return loadConfig({
    ...options,
    environment: readEnvironment(),
    home: homeDirectory(),
    cwd: workingDirectory ?? process.cwd(),
    uid: process.getuid?.() ?? 0,
  });
}

/** Returns HOME if it is absolute. An empty or relative one would put files into the root or the working directory. */
function homeDirectory(): string {
  const home = os.homedir();
  return path.isAbsolute(home) ? home : os.userInfo().homedir;
}
