import type { Frame, InstanceSummary, Status } from '@llamactl/client';
import { Command, Option } from 'commander';
import { clockTime } from '../../format/clock-time.ts';
import type { CommandLine, Session } from '../command-line.ts';
import { instanceOrder, sorted, SORT_COLUMNS, type InstanceOrder } from '../instances/instance-order.ts';
import { instanceTable } from '../instances/instance-table.ts';
import { pinnedGroups } from '../instances/pinned-groups.ts';
import { waitingNote } from '../interruption.ts';
import type { LiveTable as Table, View } from '../screen/live-table.ts';
import type { Terminal } from '../screen/terminal.ts';
import { untilQuit } from '../screen/quit-key.ts';
import { cut, padded, plain } from '../screen/text.ts';

interface Flags {
  status?: Status;
  all?: true;
  wide?: true;
  watch?: true;
  sort?: InstanceOrder;
}

const STATUSES = ['stopped', 'starting', 'running', 'stopping', 'restarting', 'failed'] satisfies Status[];
const OPTIONAL = ['model_path'] satisfies (keyof InstanceSummary)[];
const CHANGES = [
  'instance_status_changed',
  'instance_start_refused',
  'instance_created',
  'instance_updated',
  'instance_deleted',
] satisfies Frame['type'][];

export function psCommand(commandLine: CommandLine): Command {
  return new Command('ps')
    .description('List instances, oldest first.')
    .addOption(new Option('--status <status>', 'Only instances with this status').choices(STATUSES))
    .option('-a, --all', 'Show all columns, with aliases and creation time')
    .addOption(new Option('--wide', 'Same as --all').hideHelp())
    .option('--sort <column>', `Sort by ${SORT_COLUMNS.join(', ')}; -COLUMN for descending`, instanceOrder)
    .option('-w, --watch', 'Keep the table up to date until q or Ctrl-C; piped: print a line per change')
    .addHelpText(
      'after',
      `
Examples:
  llamactl ps
  llamactl ps --status failed
  llamactl ps --watch --sort -up
  llamactl ps --format '{{.Name}}\\t{{.Status}}'
  llamactl stop $(llamactl ps -q --status running)`,
    )
    .action(
      commandLine.online<Flags>((session, { flags }) =>
        flags.watch === true
          ? untilQuit(commandLine, session, (quittable) => watch(quittable, flags))
          : list(session, flags),
      ),
    );
}

async function list({ client, terminal, signal, now }: Session, flags: Flags): Promise<void> {
  const instances = sorted(await client.listInstances({ status: flags.status, signal }), flags.sort);
  if (terminal.isJson) return terminal.printJson(instances, OPTIONAL);
  if (terminal.isQuiet) return instances.forEach(({ name }) => terminal.print(plain(name)));
  if (instances.length === 0) return terminal.note(nothing(flags));
  const { columns, rows } = instanceTable(instances, {
    style: terminal.style,
    now: now(),
    isWide: isWide(flags, terminal),
    ...(isWide(flags, terminal) && { pinnedGroups: await pinnedGroups(client, instances, signal) }),
  });
  terminal.printTable(columns, rows);
}

async function watch(session: Session, flags: Flags): Promise<void> {
  const { terminal } = session;
  if (terminal.isJson) return printFrames(session);
  return terminal.isInteractive ? watchTable(session, flags) : watchLines(session, flags);
}

async function printFrames({ client, terminal, signal }: Session): Promise<void> {
  const options = { types: CHANGES, signal, ...waitingNote(terminal) };
  for await (const frame of client.events(options)) terminal.printJsonLine(frame);
}

async function watchTable(session: Session, flags: Flags): Promise<void> {
  const { client, terminal, signal, now } = session;
  const [{ InstanceList }, { watchInstances }, { awayLine, LiveTable, liveLines }] = await Promise.all([
    import('../instances/instance-list.ts'),
    import('../instances/instance-watch.ts'),
    import('../screen/live-table.ts'),
  ]);
  const { style } = terminal;
  const instances = new InstanceList();
  let isAway = false;
  const pinned = isWide(flags, terminal)
    ? await pinnedGroups(client, await client.listInstances({ signal }), signal)
    : new Set<string>();
  const render = (): View => {
    const shown = sorted(instances.all.filter(isOf(flags)), flags.sort);
    const { columns, rows } = instanceTable(shown, {
      style,
      now: now(),
      isWide: isWide(flags, terminal),
      pinnedGroups: pinned,
    });
    const foot = isAway ? [awayLine(terminal, client.url)] : [];
    if (shown.length === 0) return { table: [style.faint(cut(nothing(flags), terminal.columns))], foot };
    return { table: liveLines(terminal, columns, rows, isAway), foot };
  };
  // Until the list has been read, "no instances" would be wrong.
  let table: Table | null = null;
  const touch = (): void => table?.touch();
  const end = (): void => table?.end();
  const setAway = (value: boolean): void => {
    isAway = value;
    touch();
  };
  try {
    await watchInstances(session, instances, {
      // Measurements report start times, and redraw the elapsed times.
      types: [...CHANGES, 'instance_stats_updated'],
      onFrame: touch,
      onRead: () => {
        table ??= new LiveTable(terminal, render, signal);
        touch();
      },
      onInterruption: () => setAway(true),
      onOpen: () => isAway && setAway(false),
    });
  } finally {
    end();
  }
}

/** Prints the present instances, then each change on a line. */
async function watchLines(session: Session, flags: Flags): Promise<void> {
  const { client, terminal, signal, now } = session;
  const { eventLines } = await import('../instances/event-line.ts');
  const { style } = terminal;
  const opened = Promise.withResolvers<void>();
  const waiting = waitingNote(terminal);
  const onOpen = (): void => {
    waiting.onOpen();
    opened.resolve();
  };
  const events = client.events({ types: CHANGES, signal, ...waiting, onOpen });
  const first = events.next();
  await Promise.race([opened.promise, first]);
  const present = await client.listInstances({ status: flags.status, signal });
  const time = clockTime(now(), null);
  for (const { name, status } of present) {
    terminal.print([style.faint(time), padded(plain(name), 12), style.status(status, plain(status))].join('  '));
  }
  for (let next = await first; next.done !== true; next = await events.next()) {
    const frame = next.value;
    if (!concerns(frame, flags)) continue;
    for (const line of eventLines(frame, clockTime(frame.timestamp, null), style, Infinity)) terminal.print(line);
  }
}

function concerns(frame: Frame, { status }: Flags): boolean {
  if (status === undefined || frame.type === 'gap') return true;
  return frame.type === 'instance_status_changed' && [frame.data.status, frame.data.previous_status].includes(status);
}

function isOf({ status }: Flags): (instance: InstanceSummary) => boolean {
  return (instance) => status === undefined || instance.status === status;
}

function isWide({ all, wide }: Flags, terminal: Terminal): boolean {
  return all === true || wide === true || terminal.isWide;
}

function nothing({ status }: Flags): string {
  if (status !== undefined) return `no instance is ${status}`;
  return 'no instances yet; create one with llamactl create NAME --model FILE, or run llamactl quickstart';
}
