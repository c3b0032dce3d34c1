import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { carryOut, waitsByDefault } from '../lifecycle.ts';
import { distinct } from '../many.ts';
import { namesOrAll } from '../named-instances.ts';
import { oneByOne } from '../one-by-one.ts';
import { seconds } from '../setting-flags.ts';

interface RestartFlags {
  all?: boolean;
  wait?: boolean;
  force?: boolean;
  timeout?: number;
}

export function restartCommand(commandLine: CommandLine): Command {
  return new Command('restart')
    .description('Stop and start instances, with the settings that they have now. What is stopped is started.')
    .argument('[names...]', 'instances')
    .option('--all', 'all that run, start or restart')
    .option('--wait', 'wait until they run again (default: on a terminal)')
    .option('--no-wait', 'do not wait')
    .option('--force', 'kill at once, instead of letting requests finish')
    .option('--timeout <seconds>', 'that requests may take to finish (default: instances.stop_timeout)', seconds)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<RestartFlags>(async (session, { words, flags }) => {
        const { client } = session;
        const { force, timeout, wait = waitsByDefault(session) } = flags;
        const names = await namesOrAll(session, {
          names: distinct(words),
          all: flags.all,
          statuses: ['running', 'starting', 'restarting'],
          none: 'nothing to restart: no instance runs',
        });
        if (names.length === 0) return session.terminal.isJson ? session.terminal.printJson([]) : undefined;
        const body = { force, timeout };
        const begin = oneByOne(session, (name, call) => client.restartInstance(name, body, call));
        await carryOut(commandLine, session, { names, goal: 'running', begin, waits: wait });
      }),
    );
}

const EXAMPLES = `
Examples:
  llamactl restart llama
  llamactl restart llama --force --no-wait
  llamactl restart --all

Exit status 6: an engine did not come up again.`;
