import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';

const SHORT = 12;

export function versionCommand(commandLine: CommandLine): Command {
  return new Command('version')
    .description("Print the version and build of this program. For the server's version, run llamactl status.")
    .addHelpText('after', '\nExamples:\n  llamactl version\n  llamactl version --json')
    .action(
      commandLine.local(async (terminal) => {
        const { BUILD_TIME, COMMIT, VERSION: version } = await import('@llamactl/server/version');
        const commit = COMMIT === null ? '' : `commit ${shortened(COMMIT)}, `;
        const { node } = process.versions;
        if (terminal.isJson) terminal.printJson({ version, commit: COMMIT, build_time: BUILD_TIME, node });
        else if (terminal.isQuiet) terminal.print(version);
        else terminal.print(`llamactl ${version} (${commit}built ${BUILD_TIME})`);
      }),
    );
}

/** Shortens the hash; keeps a suffix that marks a build with local changes. */
function shortened(commit: string): string {
  const [hash = '', ...rest] = commit.split('-');
  return [hash.slice(0, SHORT), ...rest].join('-');
}
