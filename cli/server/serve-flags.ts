import { type Command, Option } from 'commander';

/**
 * Internal flag for a server that `run` or `quickstart` starts. It does not read `./llamactl.yaml`, because other
 * commands do not read that file either.
 */
export const NO_LOCAL_CONFIG = '--no-local-config';

/** The options with which a server is started. */
export interface ServeFlags {
  config?: string;
  host?: string;
  port?: string;
  dataDir?: string;
  logLevel?: 'debug' | 'info' | 'warn' | 'error';
  stopEngines?: boolean;
  /** `false`: `./llamactl.yaml` is not read. A hidden flag of `serve`. */
  localConfig?: boolean;
}

/** Adds the options of {@link ServeFlags}. @param logLevel The default level, for people. */
export function withServeFlags(command: Command, logLevel: string): Command {
  return command
    .option('--config <file>', 'Configuration file (default: ./llamactl.yaml, ~/.config/llamactl/config.yaml, …)')
    .option('--host <address>', 'Address to listen on (server.host, default 127.0.0.1)')
    .option('-p, --port <number>', 'Port to listen on (server.port, default 8080)')
    .option('--data-dir <folder>', 'Folder for state, logs and secrets (data_dir)')
    .addOption(
      new Option('--log-level <level>', `Lowest level to log (default: ${logLevel})`).choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .option('--stop-engines', 'Stop all engines when the server ends');
}

/** Flags by configuration key. */
export function overridesOf({ host, port, dataDir }: ServeFlags): Record<string, string> {
  const given = { 'server.host': host, 'server.port': port, data_dir: dataDir };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The same flags, as words of a command line. */
export function wordsOf({ config, host, port, dataDir, logLevel, stopEngines, localConfig }: ServeFlags): string[] {
  const valued = {
    '--config': config,
    '--host': host,
    '--port': port,
    '--data-dir': dataDir,
    '--log-level': logLevel,
  };
  const words = Object.entries(valued).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  if (stopEngines === true) words.push('--stop-engines');
  if (localConfig === false) words.push(NO_LOCAL_CONFIG);
  return words;
}
