import type { Frame, Stats } from '@llamactl/client';
import { clockTime } from '../../format/clock-time.ts';
import type { Session } from '../command-line.ts';
import { eventLines } from './event-line.ts';
import { InstanceList } from './instance-list.ts';
import { watchInstances } from './instance-watch.ts';
import { waitingNote } from '../interruption.ts';
import { awayLine, LiveTable, liveLines } from '../screen/live-table.ts';
import { hintFor } from './near-instance.ts';
import { statsTable, type Consumption } from './stats-table.ts';
import { cut, plain } from '../screen/text.ts';

/** Prints each new measurement until the session's signal aborts. @param names Empty: all instances. */
export async function watchStats(session: Session, names: readonly string[]): Promise<void> {
  const { client, terminal, signal } = session;
  const present = await client.listInstances({ signal });
  for (const name of names) {
    if (present.some((each) => sameName(each.name, name))) continue;
    const all = present.map((each) => each.name);
    terminal.warn(`llamactl: there is no instance ${plain(name)} yet; ${await hintFor(name, all)}`);
  }
  if (terminal.isJson || !terminal.isInteractive) return printMeasurements(session, names);
  const instances = new InstanceList();
  instances.reset(present);
  return watchTable(session, names, instances);
}

async function printMeasurements({ client, terminal, signal }: Session, names: readonly string[]): Promise<void> {
  const events = client.events({
    types: ['instance_stats_updated'],
    ...(names.length > 0 && { instances: [...names] }),
    signal,
    ...waitingNote(terminal, { isOpen: true }),
  });
  for await (const frame of events) {
    if (terminal.isJson) terminal.printJsonLine(frame);
    else {
      const lines = eventLines(frame, clockTime(frame.timestamp, null), terminal.style, Infinity);
      for (const line of lines) terminal.print(line);
    }
  }
}

async function watchTable(session: Session, names: readonly string[], instances: InstanceList): Promise<void> {
  const { client, terminal, signal } = session;
  const measured = new Map<string, Stats>();
  let isAway = false;
  const table = new LiveTable(
    terminal,
    () => {
      const { columns, rows } = statsTable(consumptions(instances, measured, names), terminal.style);
      const foot = isAway ? [awayLine(terminal, client.url)] : [];
      if (rows.length > 0) return { table: liveLines(terminal, columns, rows, isAway), foot };
      return { table: [terminal.style.faint(cut('nothing is running', terminal.columns))], foot };
    },
    signal,
  );
  table.touch();
  const setAway = (value: boolean): void => {
    isAway = value;
    table.touch();
  };
  const take = (frame: Frame): void => {
    if (frame.type === 'instance_stats_updated') measured.set(frame.data.name, frame.data.stats);
    // The last measurement was of an earlier process.
    else if (frame.type === 'instance_status_changed' && frame.data.status === 'starting')
      measured.delete(frame.data.name);
    table.touch();
  };
  try {
    await watchInstances(session, instances, {
      types: ['instance_stats_updated', 'instance_status_changed', 'instance_created', 'instance_deleted'],
      onFrame: take,
      onRead: () => table.touch(),
      onInterruption: () => setAway(true),
      onOpen: () => setAway(false),
    });
  } finally {
    table.end();
  }
}

/** The named instances, or all that have a process. */
function consumptions(
  instances: InstanceList,
  measured: ReadonlyMap<string, Stats>,
  names: readonly string[],
): Consumption[] {
  return instances.all
    .filter(({ name, started_at: start }) =>
      names.length > 0 ? names.some((each) => sameName(each, name)) : start !== null,
    )
    .map(({ name, status, started_at: start }) => ({
      name,
      status,
      stats: start === null ? null : (measured.get(name) ?? null),
    }));
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
