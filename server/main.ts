import os from 'node:os';
import path from 'node:path';
import { pino, type Logger } from 'pino';
import { startApp, type App } from './app.ts';
import { systemClock } from './clock.ts';
import { readEnvironment } from './config/env.ts';
import { loadConfig, type LoadedConfig } from './config/load.ts';
import { standardErrorLines, timestamps } from './log-lines.ts';
import { BUILD_TIME, VERSION } from './version.ts';

export { BUILD_TIME, VERSION };
export { createInspection, type Inspection } from './inspection.ts';
export type { App, LoadedConfig };

/** What the command line was given. */
export interface ServeOptions {
  /** `--config`; `null`: the usual places. */
  configFile: string | null;
  /** Dotted key → value as text, such as `server.port` → `9000`. */
  overrides: Readonly<Record<string, string>>;
  /** Whether `./llamactl.yaml` counts. */
  searchLocal: boolean;
}

/**
 * Reads the configuration from file, environment and flags.
 *
 * @throws {ConfigError} with every problem, in words for people
 */
export function readConfig(options: ServeOptions): LoadedConfig {
  return loadConfig({
    ...options,
    environment: readEnvironment(),
    home: homeDirectory(),
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
  });
}

/** HOME where it is one; an empty or a relative one would put our files into the root, or wherever we were started. */
function homeDirectory(): string {
  const home = os.homedir();
  return path.isAbsolute(home) ? home : os.userInfo().homedir;
}

/** Starts the server in this process. The caller says how it ends. */
export function serve(loaded: LoadedConfig, log: Logger): Promise<App> {
  // Whatever we make belongs to us alone: state, logs and keys of engines.
  process.umask(0o077);
  return startApp({ loaded, environment: readEnvironment(), log, version: VERSION, buildTime: BUILD_TIME });
}

/** The server's log: JSON lines. @param write Takes each of them; default: to standard error. */
export function serverLog(level: 'debug' | 'info' | 'warn' | 'error', write?: (line: string) => void): Logger {
  const clock = systemClock();
  const destination = write === undefined ? standardErrorLines(clock) : { write };
  return pino({ level, base: null, timestamp: timestamps(clock) }, destination);
}
