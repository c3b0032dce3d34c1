import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { Surroundings } from '../surroundings.ts';
import { refuseServer } from '../server/own-machine.ts';
import { withServeFlags, type ServeFlags } from '../server/serve-flags.ts';
import type { Terminal } from '../screen/terminal.ts';

export function upCommand(commandLine: CommandLine): Command {
  const command = new Command('up').description(
    'Start a server in the background, unless one runs, and print its address.',
  );
  return withServeFlags(command, 'warn')
    .addHelpText(
      'after',
      `
The server outlives the terminal, but not the machine: to start it at every
boot, use llamactl service install. Its output goes to server.log in the data
directory. Exits with 0 when the server listens, also if it ran already.

Examples:
  llamactl up
  llamactl up --port 9000 --data-dir /srv/llamactl
  llamactl up --json | jq -r .url`,
    )
    .action(
      commandLine.local<ServeFlags>(async (terminal, { flags }, self) => {
        refuseServer(self);
        await bringUp(commandLine.surroundings, terminal, flags);
      }),
    );
}

/** Starts a server in the background unless one runs, and prints its address. */
export async function bringUp(surroundings: Surroundings, terminal: Terminal, flags: ServeFlags): Promise<void> {
  const [{ ensureServer }, { backgroundLines }, { ollamaVariables }, { VERSION }] = await Promise.all([
    import('../server/background-server.ts'),
    import('../server/background-lines.ts'),
    import('../ollama-variables.ts'),
    import('@llamactl/server/version'),
  ]);
  const server = await ensureServer(surroundings, {
    flags,
    searchLocal: true,
    signal: surroundings.interrupted(),
    onWait: (sentence) => terminal.note(`llamactl: ${sentence}`),
  });
  for (const warning of server.isNew ? server.loaded.warnings : []) terminal.warn(`llamactl: ${warning}`);
  const { isNew, pid, version, url, loaded, log, passwordFile, isPasswordNew } = server;
  if (terminal.isJson) {
    return terminal.printJson({
      started: isNew,
      url,
      gateway: `${url}/v1`,
      docs: `${url}/docs`,
      pid,
      version,
      configuration: loaded.file,
      data_dir: loaded.config.data_dir,
      accounts: loaded.config.auth.enabled,
      ...(log === null ? {} : { log }),
      ...(isPasswordNew ? { password_file: passwordFile } : {}),
    });
  }
  if (terminal.isQuiet) return terminal.print(url);
  const { style } = terminal;
  const ignored = ollamaVariables(surroundings.environment);
  for (const line of backgroundLines(server, { version: VERSION, style, ignored })) terminal.print(line);
}
