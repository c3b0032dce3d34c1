import type { Download } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { distinct, onEach, worst } from '../instances/many.ts';
import { missingName } from '../missing-name.ts';
import { bytes, duration } from '../../format/figures.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';
import { percentOf } from './download-bar.ts';

const COLUMNS: Column[] = [
  { title: 'ID' },
  { title: 'MODEL', gives: 3, least: 16, keeps: 'end' },
  { title: 'STATE' },
  { title: 'DONE', align: 'right' },
  { title: 'SIZE', align: 'right', gives: 1 },
  { title: 'SPEED', align: 'right', gives: 2 },
  { title: 'LEFT', align: 'right' },
];

export function downloadsCommand(commandLine: CommandLine): Command {
  return new Command('downloads')
    .description('List downloads: those that go on, paused and failed ones, and those of the last seven days.')
    .addHelpText('after', '\nExamples:\n  llamactl models downloads\n  llamactl models downloads pause 0f3a9c…')
    .action(commandLine.online((session) => list(session)))
    .addCommand(
      changeCommand(commandLine, {
        verb: 'pause',
        description: 'Pause downloads. The bytes that came are kept.',
        change: async ({ client, signal }, { id }) => (await client.pauseDownload(id, { signal })).state,
      }),
    )
    .addCommand(
      changeCommand(commandLine, {
        verb: 'resume',
        description: 'Continue downloads that are paused or failed.',
        change: async ({ client, signal }, { id }) => (await client.resumeDownload(id, { signal })).state,
      }),
    )
    .addCommand(
      changeCommand(commandLine, {
        verb: 'rm',
        description: 'Cancel downloads and remove their incomplete files; a finished one only leaves the list.',
        change: async ({ client, signal }, { id }) => {
          await client.deleteDownload(id, { signal });
          return 'removed';
        },
      }),
    );
}

async function list({ client, terminal, signal }: Session): Promise<void> {
  const downloads = await client.listDownloads({ signal });
  if (terminal.isJson) return terminal.printJson(downloads);
  if (terminal.isQuiet) return downloads.forEach(({ id }) => terminal.print(id));
  if (downloads.length === 0) return terminal.note('no downloads; to download a model: llamactl pull REFERENCE');
  terminal.printTable(COLUMNS, downloads.map(rowOf));
  for (const { model, error } of downloads) if (error !== null) terminal.note(plain(`${model}: ${error.message}`));
}

function rowOf(download: Download): string[] {
  const { id, model, state, total_bytes: total, bytes_per_second: speed, eta_seconds: left } = download;
  const hasPace = state === 'running';
  return [
    id,
    plain(model),
    state,
    `${percentOf(download)} %`,
    bytes(total),
    hasPace ? `${bytes(speed)}/s` : '-',
    hasPace ? duration(left) : '-',
  ];
}

interface Change {
  verb: string;
  description: string;
  /** @returns the word for its result */
  change: (session: Session, download: Download) => Promise<string>;
}

function changeCommand(commandLine: CommandLine, { verb, description, change }: Change): Command {
  return new Command(verb)
    .description(description)
    .argument('<ids...>', 'IDs or models from llamactl models downloads')
    .addHelpText(
      'after',
      `\nExamples:\n  llamactl models downloads ${verb} 0f3a9c…\n  llamactl models downloads ${verb} Qwen/Qwen3-4B-GGUF:Q4_K_M`,
    )
    .action(
      commandLine.online(async (session, { words }) => {
        const { client, terminal, signal } = session;
        const { failureOf } = await import('../failure.ts');
        const downloads = await client.listDownloads({ signal });
        const outcomes = await onEach(distinct(words), async (word) => {
          const download = await named(word, downloads);
          return { id: download.id, model: download.model, result: await change(session, download) };
        });
        const statuses = outcomes.map((outcome): ExitStatus => {
          if ('error' in outcome) {
            const { lines, status } = failureOf(outcome.error, true);
            terminal.warn(`llamactl: ${lines.join('\n  ')}`);
            return status;
          }
          const { id, model, result } = outcome.value;
          if (terminal.isJson) terminal.printJsonLine({ id, model, state: result });
          else terminal.print(terminal.isQuiet ? id : `${plain(model)}  ${result}`);
          return EXIT.ok;
        });
        commandLine.endWith(worst(statuses));
      }),
    );
}

/** The download with this id, or the last one of this model. @throws {Problem} when none has it */
async function named(word: string, downloads: readonly Download[]): Promise<Download> {
  const wanted = word.toLowerCase();
  const found = downloads.findLast(({ id, model }) => id === wanted || model.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const names = downloads.map(({ model }) => model);
  throw await missingName({ kind: 'download', word, names, list: 'to list downloads: llamactl models downloads' });
}
