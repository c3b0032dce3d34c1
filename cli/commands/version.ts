import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import manifest from '../package.json' with { type: 'json' };

export function versionCommand(commandLine: CommandLine): Command {
  return new Command('version')
    .description('Print the version of this program; llamactl status has that of the server.')
    .addHelpText('after', '\nExamples:\n  llamactl version\n  llamactl version --json')
    .action(
      commandLine.local(async (terminal) => {
        const { version } = manifest;
        if (terminal.isJson) terminal.printJson({ version, node: process.versions.node });
        else terminal.print(terminal.isQuiet ? version : `llamactl ${version}`);
      }),
    );
}
