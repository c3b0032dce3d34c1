import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { carryOut, waitsByDefault } from '../instances/lifecycle.ts';
import { distinct, eachStatus } from '../instances/many.ts';
import { namesOrAll } from '../instances/named-instances.ts';
import { seconds } from '../instances/setting-flags.ts';

interface RestartFlags {
  all?: boolean;
  wait?: boolean;
  force?: boolean;
  timeout?: number;
}

export function restartCommand(commandLine: CommandLine): Command {
  return new Command('restart')
    .description('Stop and start instances with their current settings. Stopped instances are started.')
    .argument('[names...]', 'Instances')
    .option('--all', 'All instances that are running, starting or restarting')
    .option('--wait', 'Wait until they run again (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .option('--force', 'Kill at once, without letting requests finish')
    .option('--timeout <seconds>', 'Time for requests to finish (default: instances.stop_timeout)', seconds)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<RestartFlags>(async (session, { words, flags }) => {
        const { client, signal } = session;
        const { force, timeout, wait = waitsByDefault(session) } = flags;
        const names = await namesOrAll(session, {
          names: distinct(words),
          all: flags.all,
          statuses: ['running', 'starting', 'restarting'],
          none: 'nothing to restart: no instance is running',
        });
        if (names.length === 0) return session.terminal.isJson ? session.terminal.printJson([]) : undefined;
        const body = { force, timeout };
        const begin = eachStatus((name) => client.restartInstance(name, body, { signal }));
        await carryOut(commandLine, session, { names, isAll: flags.all, goal: 'running', begin, waits: wait });
      }),
    );
}

const EXAMPLES = `
Examples:
  llamactl restart llama
  llamactl restart llama --force --no-wait
  llamactl restart --all

Exit status 6: an engine did not start again.`;
