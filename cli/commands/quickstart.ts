import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { QuickstartFlags } from '../quickstart/quickstart.ts';

export function quickstartCommand(commandLine: CommandLine): Command {
  return new Command('quickstart')
    .description('From nothing to a model that answers: gets an engine and a small model, starts them, and chats once.')
    .option('--config <file>', 'configuration file')
    .option('--port <number>', 'port to listen on (server.port, default 8080)')
    .option('--data-dir <folder>', 'where state, engine and model are kept (data_dir)')
    .option('--model <file>', 'a GGUF model to use instead of looking for one')
    .option('--offline', 'download no model: use the built-in demo model when none is found')
    .option('--once', 'end after the answer instead of serving')
    .addHelpText(
      'after',
      `
Examples:
  llamactl quickstart
  llamactl quickstart --once --offline
  llamactl quickstart --model ~/models/qwen.gguf`,
    )
    .action(
      commandLine.local<QuickstartFlags>(async (terminal, { flags }) => {
        commandLine.surroundings.outliveReaders();
        const { quickstart } = await import('../quickstart/quickstart.ts');
        await quickstart(terminal, flags);
      }),
    );
}
