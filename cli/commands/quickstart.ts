import { Command } from 'commander';
import { quickstart, type QuickstartFlags } from '../quickstart/quickstart.ts';

export function quickstartCommand(): Command {
  return new Command('quickstart')
    .description('From nothing to a model that answers: gets an engine and a small model, starts them, and chats once.')
    .option('--config <file>', 'configuration file')
    .option('--port <number>', 'port to listen on (server.port)')
    .option('--data-dir <folder>', 'where state, engine and model are kept (data_dir)')
    .option('--model <file>', 'a GGUF model to use instead of looking for one')
    .option('--offline', 'download no model: use the built-in demo model when none is found', false)
    .option('--once', 'end after the answer instead of serving', false)
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl quickstart\n  llamactl quickstart --once --offline\n  llamactl quickstart --model ~/models/qwen.gguf',
    )
    .action((flags: QuickstartFlags) => quickstart(flags));
}
