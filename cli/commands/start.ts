import type { Status } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { batch, carryOut, waitsByDefault } from '../instances/lifecycle.ts';
import { distinct, eachStatus, type Outcome } from '../instances/many.ts';
import { namesOrAll } from '../instances/named-instances.ts';
import { seconds } from '../instances/setting-flags.ts';

interface StartFlags {
  all?: boolean;
  wait?: boolean;
  timeout?: number;
}

export function startCommand(commandLine: CommandLine): Command {
  return new Command('start')
    .description('Start instances. On a terminal, wait until they run, or explain why they do not.')
    .argument('[names...]', 'Instances')
    .option('--all', 'All instances that are stopped or failed')
    .option('--wait', 'Wait until they run (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .option('--timeout <seconds>', 'Longest wait; the start continues after it (default: no limit)', seconds)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<StartFlags>(async (session, { words, flags }) => {
        const { client, signal } = session;
        const { timeout, wait = timeout !== undefined || waitsByDefault(session) } = flags;
        const names = await namesOrAll(session, {
          names: distinct(words),
          all: flags.all,
          statuses: ['stopped', 'failed'],
          none: 'nothing to start: no instance is stopped or failed',
        });
        if (names.length === 0) return session.terminal.isJson ? session.terminal.printJson([]) : undefined;
        const begin =
          names.length === 1 ? eachStatus((name) => client.startInstance(name, { signal })) : startMany(session);
        await carryOut(commandLine, session, { names, isAll: flags.all, goal: 'running', begin, waits: wait, timeout });
      }),
    );
}

/** Sends one request for all, because each request counts against the rate limit. */
function startMany(session: Session): (names: readonly string[]) => Promise<Outcome<Status>[]> {
  const { client, signal } = session;
  return (names) => batch(session, client.startAllInstances({ names: [...names] }, { signal }));
}

const EXAMPLES = `
Examples:
  llamactl start llama
  llamactl start llama qwen --timeout 120   wait two minutes at most
  llamactl start --all --no-wait

Exit status 6: an engine did not start.`;
