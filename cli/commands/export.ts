import { codeOf } from '@llamactl/contract/reason';
import { Command } from 'commander';
import { writeAtomically } from '../atomic-file.ts';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import path from 'node:path';
import { causeOf } from '../input-file.ts';
import { collect } from '../instances/setting-flags.ts';
import { Problem } from '../problem.ts';

interface ExportFlags {
  instance?: string[];
  force?: boolean;
}

export function exportCommand(commandLine: CommandLine): Command {
  return new Command('export')
    .description('Save instances to a file that apply reads. It contains the values of environment, including secrets.')
    .argument('[file]', 'Target file (default: standard output); readable only by you')
    .option('-i, --instance <name>', 'Only this instance; repeatable (default: all)', collect)
    .option('--force', 'Replace an existing file')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<ExportFlags>(async (session, { words: [file = '-'], flags }) => {
        const { client, terminal, signal } = session;
        const wanted = { names: flags.instance, signal };
        if (file === '-') {
          if (terminal.isJson) terminal.printJson(await client.exportFleet(wanted));
          else terminal.write(await client.exportFleetYaml(wanted));
          return;
        }
        const text = terminal.isJson
          ? `${JSON.stringify(await client.exportFleet(wanted), null, 2)}\n`
          : await client.exportFleetYaml(wanted);
        writePrivately(file, text, flags.force === true);
        terminal.note(`wrote ${file}`);
      }),
    );
}

/** @throws {Problem} when the file exists and may not be replaced, or cannot be written */
function writePrivately(file: string, text: string, mayReplace: boolean): void {
  try {
    writeAtomically(file, text, { mode: 0o600, mayReplace });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new Problem(`${file} already exists`, EXIT.failed, ['to replace it: --force']);
    }
    const cause =
      codeOf(error) === 'ENOENT' ? `there is no folder ${path.dirname(path.resolve(file))}` : causeOf(error);
    throw new Problem(`cannot write ${file}: ${cause}`, EXIT.failed);
  }
}

const EXAMPLES = `
Examples:
  llamactl export fleet.yaml
  llamactl export --force fleet.yaml
  llamactl export -i chat -i embed some.yaml
  llamactl export --json | jq '.instances[].name'`;
