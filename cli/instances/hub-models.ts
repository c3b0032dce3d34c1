import type { FoundModel, Quant } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { bytes, memoryText } from '../../format/figures.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

/** Subcommands of `models` for the models of other machines. */

const FOUND: Column[] = [
  { title: 'MODEL', gives: 4, least: 24 },
  { title: 'DOWNLOADS', align: 'right' },
  { title: 'UPDATED', gives: 1 },
  { title: 'LICENSE', gives: 2, least: 7 },
  { title: 'FOR', gives: 3, least: 4 },
];

const QUANTS: Column[] = [
  { title: 'MODEL', gives: 1, least: 24 },
  { title: 'SIZE', align: 'right' },
  { title: 'NEEDS', align: 'right' },
  { title: 'FITS' },
  { title: 'WITH', gives: 0 },
];

export function searchCommand(commandLine: CommandLine): Command {
  return new Command('search')
    .description('Search the hub for models in GGUF files.')
    .argument('<words...>', 'Words')
    .option('--limit <number>', 'Most models, 1–100 (default: 20)')
    .addHelpText('after', '\nExamples:\n  llamactl models search qwen3 8b\n  llamactl models search gemma --limit 5')
    .action(
      commandLine.online<{ limit?: string }>(async ({ client, terminal, signal }, { words, flags }) => {
        const limit = flags.limit === undefined ? undefined : Number(flags.limit);
        const { models, hub } = await client.searchModels(words.join(' '), { limit, signal });
        if (terminal.isJson) return terminal.printJson(models);
        if (terminal.isQuiet) return models.forEach(({ reference }) => terminal.print(plain(reference)));
        if (models.length === 0) return terminal.note(`no model on ${plain(hub)} has these words`);
        terminal.printTable(FOUND, models.map(foundRow));
        terminal.note('to see sizes, and what fits: llamactl models quants MODEL');
      }),
    );
}

export function quantsCommand(commandLine: CommandLine): Command {
  return new Command('quants')
    .description('List the quants of a model on another machine, with their sizes and whether they fit.')
    .argument('<model>', 'org/repo, ms:org/repo, ollama:name:tag, docker:ai/name:tag or https://…/file.gguf')
    .option('--revision <name>', 'Branch, tag or commit')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl models quants ggml-org/gemma-3-4b-it-GGUF\n  llamactl models quants ollama:qwen3:8b',
    )
    .action(
      commandLine.online<{ revision?: string }>(
        async ({ client, terminal, signal }, { words: [word = ''], flags: { revision } }) => {
          const list = await client.listQuants(word, { revision, signal });
          if (terminal.isJson) return terminal.printJson(list);
          const { quants, memory, gated, license } = list;
          if (terminal.isQuiet) return quants.forEach(({ reference }) => terminal.print(plain(reference)));
          terminal.printTable(QUANTS, quants.map(quantRow));
          const where = memory.kind === 'gpu' ? plain(memory.name) : 'this machine';
          terminal.note('* is the usual choice, or the one that you named');
          terminal.note(
            `NEEDS is an estimate; the largest memory of the server is ${memoryText(memory.total)}, of ${where}`,
          );
          if (license !== null) terminal.note(`license: ${plain(license)}`);
          if (gated) terminal.note('gated: a download needs a token of an account that accepted the conditions');
        },
      ),
    );
}

function foundRow({ reference, gated, downloads, updated_at: updated, license, purpose }: FoundModel): string[] {
  return [
    plain(gated ? `${reference} (gated)` : reference),
    downloads === null ? '-' : String(downloads),
    updated === null ? '-' : updated.slice(0, 10),
    plain(license ?? '-'),
    plain(purpose ?? '-'),
  ];
}

function quantRow({ reference, chosen, size, memory_needed: needed, fits, files, companions }: Quant): string[] {
  const beside = companions.map(({ kind, size: bytesBeside }) => `${kind} ${bytes(bytesBeside)}`);
  return [
    plain(chosen ? `${reference} *` : reference),
    bytes(size),
    memoryText(needed),
    fits,
    [...(files.length > 1 ? [`${files.length} files`] : []), ...beside].join(', ') || '-',
  ];
}
