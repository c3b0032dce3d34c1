import { Command, Option } from 'commander';
import { flushCompileCache } from 'node:module';
import type { CommandLine } from '../command-line.ts';
import { endOnSignal } from '../end-on-signal.ts';
import { logForPerson } from '../log-line.ts';
import type { Terminal } from '../terminal.ts';
import { welcomeLines } from '../serve-welcome.ts';

interface ServeFlags {
  config?: string;
  host?: string;
  port?: string;
  dataDir?: string;
  logLevel?: 'debug' | 'info' | 'warn' | 'error';
  stopEngines?: boolean;
}

export function serveCommand(commandLine: CommandLine): Command {
  return new Command('serve')
    .description('Run the server in the foreground. Engines live on when it ends; start it again and it finds them.')
    .option('--config <file>', 'configuration file (default: ./llamactl.yaml, ~/.config/llamactl/config.yaml, …)')
    .option('--host <address>', 'address to listen on (server.host, default 127.0.0.1)')
    .option('--port <number>', 'port to listen on (server.port, default 8080)')
    .option('--data-dir <folder>', 'where state, logs and secrets are kept (data_dir)')
    .addOption(
      new Option('--log-level <level>', 'what is logged (default: warn on a terminal, else info)').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .option('--stop-engines', 'stop every engine when the server ends')
    .addHelpText(
      'after',
      `
On a terminal it says in five lines what a person needs. Elsewhere it says the
same as a line of JSON on standard output, once it listens; its log is JSON too,
a line each, on standard error.

Examples:
  llamactl serve
  llamactl serve --port 9000 --data-dir /srv/llamactl
  llamactl serve 2>> llamactl.log &`,
    )
    .action(
      commandLine.local<ServeFlags>(async (terminal, { flags }) => {
        commandLine.surroundings.outliveReaders();
        // Node's own is `MainThread`, which is what `ss` and our own messages about ports would call it.
        process.title = 'llamactl serve';
        await run(terminal, flags);
      }),
    );
}

async function run(terminal: Terminal, flags: ServeFlags): Promise<void> {
  const { readConfig, serve, serverLog, VERSION } = await import('@llamactl/server/main');
  const loaded = readConfig({ configFile: flags.config ?? null, overrides: overridesOf(flags), searchLocal: true });
  const { isInteractive } = terminal;
  const forPerson = logForPerson(terminal);
  const log = serverLog(flags.logLevel ?? (forPerson === undefined ? 'info' : 'warn'), forPerson);
  for (const warning of loaded.warnings) {
    if (forPerson !== undefined) terminal.warn(`llamactl: ${warning}`);
    else log.warn(warning);
  }
  const app = await serve(loaded, log);
  // Else only an end in order would keep what was compiled.
  flushCompileCache();
  const { stopEngines = false } = flags;
  endOnSignal({
    announce: (signal) => {
      const what = `ending on ${signal}; ${stopEngines ? 'stopping the engines' : 'engines go on running'}`;
      if (forPerson !== undefined) terminal.warn(`\nllamactl: ${what}`);
      else log.info(what);
    },
    end: () => app.close({ stopEngines }),
  });
  const { config, file } = loaded;
  const basePath = config.server.base_path === '/' ? '' : config.server.base_path.replace(/\/$/, '');
  const facts = {
    version: VERSION,
    url: app.url + basePath,
    gateway: `${app.url}${basePath}/v1`,
    configuration: file,
    data_dir: config.data_dir,
    accounts: config.auth.enabled,
    first_admin: app.firstAdmin && {
      username: app.firstAdmin.username,
      password_file: app.firstAdmin.passwordFile,
    },
  };
  if (isInteractive)
    for (const line of welcomeLines(facts, { stopEngines, style: terminal.style })) terminal.print(line);
  else terminal.printJsonLine({ ...facts, pid: process.pid, msg: 'llamactl listens' });
}

/** Flags in the words of the configuration. */
function overridesOf({ host, port, dataDir }: ServeFlags): Record<string, string> {
  const given = { 'server.host': host, 'server.port': port, data_dir: dataDir };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
