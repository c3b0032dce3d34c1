import { codeOf } from '@llamactl/contract/reason';
import { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import path from 'node:path';
import { causeOf } from '../input-file.ts';
import { Problem } from '../problem.ts';

interface ExportFlags {
  force?: boolean;
}

export function exportCommand(commandLine: CommandLine): Command {
  return new Command('export')
    .description(
      'Save all instances to a file that apply reads. It contains the values of environment, including secrets.',
    )
    .argument('[file]', 'Target file (default: standard output); readable only by you')
    .option('--force', 'Replace an existing file')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<ExportFlags>(async (session, { words: [file = '-'], flags }) => {
        const { client, terminal, signal } = session;
        if (file === '-') {
          if (terminal.isJson) terminal.printJson(await client.exportFleet({ signal }));
          else terminal.write(await client.exportFleetYaml({ signal }));
          return;
        }
        const text = terminal.isJson
          ? `${JSON.stringify(await client.exportFleet({ signal }), null, 2)}\n`
          : await client.exportFleetYaml({ signal });
        await writePrivately(file, text, flags.force === true);
        terminal.note(`wrote ${file}`);
      }),
    );
}

/**
 * Writes the file completely or not at all.
 *
 * @throws {Problem} when it exists and may not be replaced, or cannot be written
 */
async function writePrivately(file: string, text: string, mayReplace: boolean): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  let isThere = false;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    isThere = true;
    // Unlike a rename, a link never replaces an existing file.
    await (mayReplace ? rename(draft, file) : link(draft, file));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new Problem(`${file} already exists`, EXIT.failed, ['to replace it: --force']);
    }
    const cause =
      codeOf(error) === 'ENOENT' ? `there is no folder ${path.dirname(path.resolve(file))}` : causeOf(error);
    throw new Problem(`cannot write ${file}: ${cause}`, EXIT.failed);
  } finally {
    // In a closed folder, this would fail too, and hide the cause.
    if (isThere) await rm(draft, { force: true });
  }
}

const EXAMPLES = `
Examples:
  llamactl export fleet.yaml
  llamactl export --force fleet.yaml
  llamactl export --json | jq '.instances[].name'`;
