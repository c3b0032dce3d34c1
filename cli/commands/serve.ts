import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fail, note, print } from '../output.ts';

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
  // Else only an end in order would keep what was compiled.
  flushCompileCache();
  const { stopEngines } = flags;
  endOnSignal(stopEngines ? 'stopping the engines' : 'engines go on running', () => app.close({ stopEngines }));
  print(`llamactl ${VERSION} listens on ${app.url}`);
  print(`configuration ${loaded.file ?? 'none, all defaults'}; data in ${loaded.config.data_dir}`);
  if (app.firstAdmin !== null) print(welcome(app.firstAdmin));
}

/** How the first person gets in. */
function welcome({ username, passwordFile }: { username: string; passwordFile: string | null }): string {
  const source = passwordFile === null ? 'is that of LLAMACTL_ADMIN_PASSWORD' : `is in ${passwordFile}`;
  return `made the first account: the password of ${username} ${source}`;
}

/** Flags in the words of the configuration. */
function overridesOf({ host, port, dataDir }: ServeFlags): Record<string, string> {
  const given = { 'server.host': host, 'server.port': port, data_dir: dataDir };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * The first signal ends the server in order, the second at once: engines are safe either way.
 *
 * @param exitCode Of the end in order; default 0.
 */
export function endOnSignal(what: string, end: () => Promise<void>, exitCode: () => number = () => 0): void {
  let isEnding = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(1);
    isEnding = true;
    note(`llamactl: ending on ${signal}; ${what}`);
    end().then(() => process.exit(exitCode()), fail);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (!isHangUpIgnored()) process.on('SIGHUP', onSignal);
}

/** Whether whoever started us wants us to outlive the terminal, as nohup does; a listener of ours would undo that. */
function isHangUpIgnored(): boolean {
  if (process.platform !== 'linux') return false;
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  // SIGHUP is signal 1: the lowest bit.
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}
