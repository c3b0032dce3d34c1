import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { nearInstance } from '../instances/near-instance.ts';

export function renameCommand(commandLine: CommandLine): Command {
  return new Command('rename')
    .description('Give an instance another name. Its engine keeps running; its logs, statistics and keys stay with it.')
    .argument('<name>', 'Instance')
    .argument('<new-name>', 'Its new name')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online(
        async (session, { words: [name = '', newName = ''] }) => {
          const { client, terminal, signal } = session;
          const renamed = await client
            .renameInstance(name, { name: newName }, { signal })
            .catch(async (error: unknown) => {
              throw await nearInstance(session, name, error);
            });
          if (terminal.isJson) terminal.printJson(renamed);
          else terminal.print(terminal.isQuiet ? newName : `${name}  renamed to ${newName}`);
          if (renamed.restart_required) {
            terminal.note(`its engine has the new name after: llamactl restart ${newName}`);
          }
        },
        { takesAliases: false },
      ),
    );
}

const EXAMPLES = `
Examples:
  llamactl rename llama llama-old
  llamactl update llama-old --alias llama   /v1 still accepts the old name`;
