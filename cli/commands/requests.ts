import type { ActiveRequest, FinishedRequest } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Invocation, Session } from '../command-line.ts';
import { count, duration, since } from '../../format/figures.ts';
import { wholeNumber } from '../instances/setting-flags.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

interface RequestsFlags {
  finished?: number;
}

const SHOWN_ID = 8;

const COLUMNS: Column[] = [
  { title: 'ID' },
  { title: 'INSTANCE', gives: 4 },
  { title: 'STATE' },
  { title: 'AGE', align: 'right' },
  { title: 'TTFT', align: 'right', gives: 2 },
  { title: 'IN', align: 'right', gives: 3 },
  { title: 'OUT', align: 'right', gives: 3 },
  { title: 'T/S', align: 'right', gives: 2 },
  { title: 'CALLER', gives: 0 },
  { title: 'PATH', gives: 1, keeps: 'end' },
];

export function requestsCommand(commandLine: CommandLine): Command {
  return new Command('requests')
    .description('List requests in flight and recent ones, or cancel one.')
    .option('-n, --finished <number>', 'Also list this many finished requests, newest first', wholeNumber(0, 200))
    .addHelpText(
      'after',
      `
Examples:
  llamactl requests
  llamactl requests -n 20
  llamactl requests cancel 9f0c31aa`,
    )
    .action(commandLine.online(show))
    .addCommand(cancelCommand(commandLine));
}

function cancelCommand(commandLine: CommandLine): Command {
  return new Command('cancel')
    .description('Cancel requests: the engine stops, and the callers get an error.')
    .argument('<ids...>', 'IDs, or unique prefixes of them')
    .addHelpText('after', '\nExamples:\n  llamactl requests cancel 9f0c31aa')
    .action(commandLine.online(cancel));
}

async function show({ client, terminal, signal, now }: Session, { flags }: Invocation<RequestsFlags>): Promise<void> {
  const { in_flight: active, finished } = await client.listRequests({ finished: flags.finished ?? 0, signal });
  if (terminal.isJson) return terminal.printJson({ in_flight: active, finished });
  if (terminal.isQuiet) return active.forEach(({ id }) => terminal.print(plain(id)));
  if (active.length + finished.length === 0) {
    const isOfBoth = flags.finished !== undefined;
    return terminal.note(
      isOfBoth ? 'no requests' : 'no requests in flight; to list finished ones: llamactl requests -n 20',
    );
  }
  const rows = [
    ...active.map((request) => rowOf(request, request.phase, since(request.started_at, now()))),
    ...finished.map((request) => rowOf(request, outcomeOf(request), duration(request.duration))),
  ];
  terminal.printTable(COLUMNS, rows);
}

function rowOf(request: ActiveRequest | FinishedRequest, state: string, age: string): string[] {
  const { id, instance, caller, path, time_to_first_token: first, tokens_per_second: speed } = request;
  return [
    plain(id).slice(0, SHOWN_ID),
    plain(instance ?? '-'),
    state,
    age,
    first === null ? '-' : `${first.toFixed(1)}s`,
    tokens(request.tokens_in, false),
    tokens(request.tokens_out, request.tokens_estimated),
    speed === null ? '-' : speed.toFixed(0),
    plain(caller ?? '-'),
    plain(path),
  ];
}

/** The outcome, and how many refused requests the row stands for: `refused (12x)`. */
function outcomeOf({ outcome, count: refused }: FinishedRequest): string {
  return refused === undefined ? outcome : `${outcome} (${refused}x)`;
}

/** Counts of stream chunks are only estimates. */
function tokens(number: number | null, isEstimated: boolean): string {
  return number === null ? '-' : `${isEstimated ? '~' : ''}${number}`;
}

async function cancel({ client, terminal, signal }: Session, { words }: Invocation<object>): Promise<void> {
  const { in_flight: active } = await client.listRequests({ finished: 0, signal });
  for (const word of words) {
    const meant = active.filter(({ id }) => id.startsWith(word));
    // For an unknown or ambiguous id the server reports the error.
    const [only] = meant.length === 1 ? meant : [];
    await client.cancelRequest(only?.id ?? word, { signal });
  }
  terminal.note(`${count(words.length, 'request')} cancelled`);
}
