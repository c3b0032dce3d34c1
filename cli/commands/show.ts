import type { Instance } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { pageLines } from '../instances/instance-page.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { plain } from '../screen/text.ts';

export function showCommand(commandLine: CommandLine): Command {
  return new Command('show')
    .description('Show everything about an instance: its state, its settings, and the command of its engine.')
    .argument('<name>', 'Instance')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online(async (session, { words: [name = ''] }) => {
        const { client, terminal, signal, now } = session;
        const instance = await client.getInstance(name, { signal }).catch(async (error: unknown) => {
          throw await nearInstance(session, name, error);
        });
        if (terminal.isJson) terminal.printJson(instance, OPTIONAL);
        else if (terminal.isQuiet) terminal.print(terminal.isNames ? plain(instance.name) : instance.status);
        else for (const line of pageLines(instance, terminal, now())) terminal.print(line);
      }),
    );
}

const OPTIONAL = [
  'model',
  'model_path',
  'command',
  'health_path',
  'group',
  'concurrency',
  'upstream_model',
] satisfies (keyof Instance)[];

const EXAMPLES = `
Examples:
  llamactl show llama
  llamactl show llama -q             only the status
  llamactl show llama -o yaml
  llamactl show llama --json | jq .effective_command`;
