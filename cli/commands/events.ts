import type { EventsOptions, Frame } from '@llamactl/client';
import { Command, InvalidArgumentError } from 'commander';
import { clockTime } from '../../format/clock-time.ts';
import type { CommandLine, Session } from '../command-line.ts';
import { eventLines } from '../instances/event-line.ts';
import { untilInterrupted, waitingNote } from '../interruption.ts';
import { plain } from '../screen/text.ts';

type EventType = Exclude<Frame['type'], 'gap' | 'log_lines' | 'log_gap'>;

interface Flags {
  type?: EventType[];
  afterSeq?: number;
  trace?: boolean;
}

/** Short names of event types; the API's names work too. */
const TYPES = {
  status: 'instance_status_changed',
  refused: 'instance_start_refused',
  stats: 'instance_stats_updated',
  created: 'instance_created',
  updated: 'instance_updated',
  deleted: 'instance_deleted',
  alert: 'system_alert',
  decision: 'decision',
} satisfies Record<string, EventType>;

/** All types except decisions and measurements. Measurements come every other second and report no change. */
const USUAL: EventType[] = Object.values(TYPES).filter((type) => type !== TYPES.stats && type !== TYPES.decision);

export function eventsCommand(commandLine: CommandLine): Command {
  return new Command('events')
    .description('Print events as they happen, one line each, until Ctrl-C.')
    .argument('[name...]', 'Only events of these instances and of the system (default: all)')
    .option(
      '-t, --type <type>',
      `Only this type: ${Object.keys(TYPES).join(', ')}; repeatable (default: all but stats and decision)`,
      addType,
    )
    .option('--trace', 'Also print the decisions of the server with their reasons, from now on')
    .option('--after-seq <number>', 'Start after the event with this seq (0 = the oldest one kept)', sequence)
    .addHelpText(
      'after',
      `
Examples:
  llamactl events
  llamactl events llama --type status --type alert
  llamactl events llama --trace
  llamactl events --after-seq 0
  llamactl events --json | jq -r 'select(.data.status == "failed") | .data.name'`,
    )
    .action(
      commandLine.online<Flags>((session, { words, flags }) =>
        untilInterrupted(commandLine, session, () => print(session, words, flags)),
      ),
    );
}

async function print(session: Session, names: readonly string[], { type, afterSeq, trace }: Flags): Promise<void> {
  const { client, terminal, signal, now } = session;
  await warnOfUnknown(session, names);
  const options: EventsOptions = {
    types: [...new Set([...(type ?? USUAL), ...(trace === true ? [TYPES.decision] : [])])],
    ...(names.length > 0 && { instances: [...names] }),
    after_seq: afterSeq,
    signal,
    ...waitingNote(terminal),
  };
  for await (const frame of client.events(options)) {
    if (terminal.isJson) terminal.printJsonLine(frame);
    else {
      const time = clockTime(frame.timestamp, terminal.isInteractive ? now() : null);
      for (const line of eventLines(frame, time, terminal.style, terminal.columns)) terminal.print(line);
    }
  }
}

/** Warns of names that no instance has. Such an instance may be created later, but most unknown names are misspelt. */
async function warnOfUnknown({ client, terminal, signal }: Session, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const all = (await client.listInstances({ signal })).map(({ name }) => name);
  const known = new Set(all.map((name) => name.toLowerCase()));
  for (const name of names) {
    if (known.has(name.toLowerCase())) continue;
    const { hintFor } = await import('../instances/near-instance.ts');
    terminal.warn(`llamactl: there is no instance ${plain(name)} yet; ${await hintFor(name, all)}`);
  }
}

function addType(word: string, types: readonly EventType[] = []): EventType[] {
  const found = Object.entries(TYPES).find(([short, long]) => word === short || word === long);
  if (found === undefined) throw new InvalidArgumentError(`Allowed types: ${Object.keys(TYPES).join(', ')}.`);
  return [...types, found[1]];
}

function sequence(word: string): number {
  if (!/^\d{1,16}$/.test(word)) throw new InvalidArgumentError('Give the seq of an event, a whole number.');
  return Number(word);
}
