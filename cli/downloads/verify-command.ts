import { Command } from 'commander';
import type { CheckedFile } from '@llamactl/client';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { modelsNamed } from '../instances/named-models.ts';
import { scannedModels } from '../instances/server-models.ts';
import { bytes } from '../../format/figures.ts';
import { plain } from '../screen/text.ts';

const RESULTS: Readonly<Record<CheckedFile['result'], (file: CheckedFile) => string>> = {
  right: () => 'right',
  wrong: ({ hash, found }) => `WRONG: its hash is ${found}, and ${hash} was announced; delete it, and pull it again`,
  unknown: () => 'unknown: its source announced no hash',
  unreadable: ({ reason }) => `UNREADABLE: ${reason}`,
};

export function verifyCommand(commandLine: CommandLine): Command {
  return new Command('verify')
    .description('Read the files of models, and compare them with the hashes that their source announced.')
    .argument('<models...>', 'IDs, references, names or paths')
    .addHelpText('after', '\nExamples:\n  llamactl models verify Qwen/Qwen3-4B-GGUF:Q4_K_M')
    .action(
      commandLine.online(async ({ client, terminal, signal }, { words }) => {
        const { models } = await scannedModels(client, signal);
        const checked: CheckedFile[] = [];
        for (const { id, name, size } of await modelsNamed(words, models)) {
          terminal.note(`reading ${plain(name)}, ${bytes(size)} …`);
          const files = await client.verifyModel(id, { signal });
          checked.push(...files);
          if (terminal.isJson || terminal.isQuiet) continue;
          for (const file of files) terminal.print(plain(`${file.path}  ${RESULTS[file.result](file)}`));
        }
        const isBad = ({ result }: CheckedFile): boolean => result === 'wrong' || result === 'unreadable';
        if (terminal.isJson) terminal.printJson(checked);
        else if (terminal.isQuiet) for (const file of checked.filter(isBad)) terminal.print(plain(file.path));
        if (checked.some(isBad)) commandLine.endWith(EXIT.failed);
      }),
    );
}
