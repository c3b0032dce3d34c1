import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { commonFailure, distinct, onEach, withName, worst } from '../instances/many.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { Problem } from '../problem.ts';

interface RemoveFlags {
  force?: boolean;
}

export function rmCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .description('Delete instances and their logs. Model files stay.')
    .argument('<names...>', 'Instances')
    .option('-f, --force', 'Stop running instances first (default: refuse them)')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<RemoveFlags>(
        async (session, { words, flags }) => {
          const { terminal } = session;
          const names = distinct(words);
          const outcomes = await onEach(names, (name) => remove(session, name, flags.force === true));
          const failure = commonFailure(outcomes);
          if (failure !== null) throw failure.error;
          const { failureOf } = await import('../failure.ts');
          const results = outcomes.map((outcome) => {
            const { name } = outcome;
            if (!('error' in outcome)) {
              if (!terminal.isJson) terminal.print(terminal.isQuiet ? name : `${name}  deleted`);
              return { result: { name, ...outcome.value }, exit: EXIT.ok };
            }
            const { lines, status, json } = failureOf(outcome.error, true);
            if (!terminal.isJson) terminal.warn(`llamactl: ${withName(name, lines.join('\n  '))}`);
            return { result: { name, ...json }, exit: status };
          });
          if (terminal.isJson) terminal.printJson(results.map(({ result }) => result));
          commandLine.endWith(worst(results.map(({ exit }) => exit)));
        },
        { takesAliases: false },
      ),
    );
}

async function remove(session: Session, name: string, force: boolean): Promise<{ message: string }> {
  const { client, signal } = session;
  const { LlamactlError } = await import('@llamactl/client');
  try {
    if (force) return await stopAndDelete(session, name);
    return await client.deleteInstance(name, { signal });
  } catch (error) {
    if (error instanceof LlamactlError && error.code === 'INSTANCE_RUNNING' && !force) {
      throw new Problem(error.message, EXIT.failed, [`to stop and delete it: llamactl rm --force ${name}`]);
    }
    throw await nearInstance(session, name, error);
  }
}

/** Clients that keep asking would start the instance between its stop and its delete, so it takes no requests then. */
async function stopAndDelete({ client, signal }: Session, name: string): Promise<{ message: string }> {
  const { LlamactlError } = await import('@llamactl/client');
  await client.stopInstance(name, undefined, { wait: true, signal });
  try {
    return await client.deleteInstance(name, { signal });
  } catch (error) {
    if (!(error instanceof LlamactlError && error.code === 'INSTANCE_RUNNING')) throw error;
  }
  const { on_demand: before } = await client.getInstance(name, { signal });
  await client.updateInstance(name, { on_demand: false }, { signal });
  try {
    await client.stopInstance(name, undefined, { wait: true, signal });
    return await client.deleteInstance(name, { signal });
  } catch (error) {
    await client.updateInstance(name, { on_demand: before }, { signal });
    throw error;
  }
}

const EXAMPLES = `
A deleted instance cannot be taken back. To be able to make it again, first run
llamactl export FILE; llamactl apply FILE then makes it, without its logs.

Examples:
  llamactl rm llama
  llamactl rm --force llama qwen
  llamactl rm $(llamactl ps -q --status failed)`;
