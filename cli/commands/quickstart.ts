import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import type { QuickstartFlags } from '../quickstart/quickstart.ts';

export function quickstartCommand(commandLine: CommandLine): Command {
  return new Command('quickstart')
    .description('Install an engine and a small model, start them, and chat once.')
    .option('--config <file>', 'Configuration file')
    .option('--port <number>', 'Port to listen on (server.port, default 8080)')
    .option('--data-dir <folder>', 'Folder for state, engine and model (data_dir)')
    .option('--model <file>', 'GGUF model to use (default: search for one)')
    .option('--offline', 'Download no model; without a local one, use the built-in demo model')
    .option('--once', 'Stop the server and the instance after the answer, unless they ran before')
    .addHelpText(
      'after',
      `
Uses the server that runs, or starts one in the background. Server and instance
keep running afterwards; to stop both: llamactl down --stop-engines.

Examples:
  llamactl quickstart
  llamactl quickstart --once --offline
  llamactl quickstart --model ~/models/qwen.gguf`,
    )
    .action(
      commandLine.local<QuickstartFlags>(async (terminal, { flags }) => {
        commandLine.surroundings.outliveReaders();
        const { quickstart } = await import('../quickstart/quickstart.ts');
        await quickstart(commandLine.surroundings, terminal, flags);
      }),
    );
}
