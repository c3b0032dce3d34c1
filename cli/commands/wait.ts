import type { Status } from '@llamactl/client';
import { Command, Option } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { carryOut, type Goal } from '../instances/lifecycle.ts';
import { distinct, type Outcome } from '../instances/many.ts';
import { others, unknownInstance } from '../instances/near-instance.ts';
import { duration } from '../instances/setting-flags.ts';
import { plain } from '../screen/text.ts';

interface WaitFlags {
  for: Goal;
  timeout?: number;
}

export function waitCommand(commandLine: CommandLine): Command {
  return new Command('wait')
    .description('Wait until instances run, have stopped or are healthy. Starts and stops nothing.')
    .argument('<names...>', 'Instances')
    .addOption(
      new Option('--for <goal>', 'What to wait for').choices(['running', 'stopped', 'healthy']).default('running'),
    )
    .option('--timeout <duration>', 'Longest wait, such as 90, 90s or 5m (default: no limit)', duration)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<WaitFlags>(async (session, { words, flags: { for: goal, timeout } }) => {
        const begin = async (names: readonly string[]) => {
          const outcomes = await present(session, names);
          if (goal !== 'stopped' && session.terminal.isInteractive) noteStopped(session, outcomes);
          return outcomes;
        };
        const names = distinct(words);
        await carryOut(commandLine, session, { names, goal, isOnlyWaiting: true, begin, waits: true, timeout });
      }),
    );
}

/** The present status of each instance. */
async function present({ client, signal }: Session, names: readonly string[]): Promise<Outcome<Status>[]> {
  const list = await client.listInstances({ signal });
  return Promise.all(
    names.map(async (name): Promise<Outcome<Status>> => {
      const found = list.find((each) => each.name.toLowerCase() === name.toLowerCase());
      if (found !== undefined) return { name, value: found.status };
      return { name, error: await unknownInstance(name, others(list, names)) };
    }),
  );
}

/** For a person who expects that `wait` starts instances. */
function noteStopped({ terminal }: Session, outcomes: readonly Outcome<Status>[]): void {
  for (const outcome of outcomes) {
    if (!('value' in outcome) || outcome.value !== 'stopped') continue;
    const name = plain(outcome.name);
    terminal.note(`${name} is stopped; to start it: llamactl start ${name}`);
  }
}

const EXAMPLES = `
Examples:
  llamactl wait llama --timeout 5m && llamactl run llama Hello
  llamactl wait llama qwen --for healthy --timeout 90
  llamactl wait llama --for stopped

Exit status 6: the timeout expired, or an instance failed or was deleted.
A failed instance counts as stopped.`;
