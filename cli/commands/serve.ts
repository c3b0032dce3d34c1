import { Command } from 'commander';
import type { App } from '@llamactl/server/main';
import { note, print } from '../output.ts';

interface ServeFlags {
  config?: string;
  host?: string;
  port?: string;
  dataDir?: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  stopEngines: boolean;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the server in the foreground. Engines live on when it ends; start it again and it finds them.')
    .option('--config <file>', 'configuration file')
    .option('--host <address>', 'address to listen on (server.host)')
    .option('--port <number>', 'port to listen on (server.port)')
    .option('--data-dir <folder>', 'where state, logs and secrets are kept (data_dir)')
    .option('--log-level <level>', `how much is logged: ${LEVELS.join(', ')}`, 'info')
    .option('--stop-engines', 'stop every engine when the server ends', false)
    .addHelpText('after', '\nExamples:\n  llamactl serve\n  llamactl serve --port 9000 --data-dir /srv/llamactl')
    .action(async (flags: ServeFlags, command: Command) => {
      if (!LEVELS.includes(flags.logLevel)) command.error(`error: --log-level is one of ${LEVELS.join(', ')}`);
      await run(flags);
    });
}

async function run(flags: ServeFlags): Promise<void> {
  const { readConfig, serve, serverLog, VERSION } = await import('@llamactl/server/main');
  const loaded = readConfig({ configFile: flags.config ?? null, overrides: overridesOf(flags), searchLocal: true });
  for (const warning of loaded.warnings) note(`llamactl: ${warning}`);
  const app = await serve(loaded, serverLog(flags.logLevel));
  endOnSignal(app, flags.stopEngines);
  print(`llamactl ${VERSION} listens on ${app.url}`);
  print(`configuration ${loaded.file ?? 'none, all defaults'}; data in ${loaded.config.data_dir}`);
}

/** Flags in the words of the configuration. */
function overridesOf({ host, port, dataDir }: ServeFlags): Record<string, string> {
  const given = { 'server.host': host, 'server.port': port, data_dir: dataDir };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The first signal ends the server in order, the second at once: engines are safe either way. */
export function endOnSignal(app: App, stopEngines: boolean): void {
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(1);
    isEnding = true;
    note(`llamactl: ending on ${signal}; ${stopEngines ? 'stopping the engines' : 'engines go on running'}`);
    app.close({ stopEngines }).then(
      () => process.exit(0),
      (error: unknown) => {
        note(`llamactl: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
}
