import { Command, CommanderError } from 'commander';
import { quickstartCommand } from './commands/quickstart.ts';
import { serveCommand } from './commands/serve.ts';
import { versionCommand } from './commands/version.ts';
import { fail, outliveReaders } from './output.ts';

/** Exit status for a command line that cannot be understood, as in sysexits.h and most tools. */
const USAGE = 2;

const program = new Command('llamactl')
  .description('The control plane for local LLM inference: one API for every engine on this machine.')
  .showHelpAfterError('(llamactl help shows how)')
  .showSuggestionAfterError()
  .exitOverride()
  .addCommand(quickstartCommand())
  .addCommand(serveCommand())
  .addCommand(versionCommand());

outliveReaders();
try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed what it has to say; its own zero is help that was asked for.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE);
  fail(error);
}
