import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { carryOut, waitsByDefault } from '../instances/lifecycle.ts';
import { distinct, eachStatus } from '../instances/many.ts';
import { namesOrAll } from '../instances/named-instances.ts';
import { seconds } from '../instances/setting-flags.ts';

interface StopFlags {
  all?: boolean;
  wait?: boolean;
  force?: boolean;
  timeout?: number;
}

export function stopCommand(commandLine: CommandLine): Command {
  return new Command('stop')
    .description('Stop instances. Requests in flight may finish first.')
    .argument('[names...]', 'Instances')
    .option('--all', 'All instances that are running, starting or restarting')
    .option('--wait', 'Wait until they have stopped (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .option('--force', 'Kill at once, even if already stopping')
    .option('--timeout <seconds>', 'Time for requests to finish (default: instances.stop_timeout)', seconds)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<StopFlags>(async (session, { words, flags }) => {
        const { client, signal } = session;
        const { force, timeout, wait = waitsByDefault(session) } = flags;
        const names = await namesOrAll(session, {
          names: distinct(words),
          all: flags.all,
          statuses: ['running', 'starting', 'restarting', ...(force === true ? (['stopping'] as const) : [])],
          none: 'nothing to stop: no instance is running',
        });
        if (names.length === 0) return session.terminal.isJson ? session.terminal.printJson([]) : undefined;
        const body = { force, timeout };
        const begin = eachStatus((name) => client.stopInstance(name, body, { signal }));
        await carryOut(commandLine, session, { names, isAll: flags.all, goal: 'stopped', begin, waits: wait });
      }),
    );
}

const EXAMPLES = `
Examples:
  llamactl stop llama
  llamactl stop llama qwen --timeout 5   abort requests after five seconds
  llamactl stop llama --force
  llamactl stop --all --wait`;
