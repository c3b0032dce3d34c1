import type { Alert } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { since } from '../../format/figures.ts';
import type { Style } from '../screen/style.ts';
import type { Cell, Column } from '../screen/table.ts';
import { plain, widthOf, wrapped } from '../screen/text.ts';

/** Least width of a message; narrower lines are hard to read. */
const LEAST_COLUMNS = 20;

const COLUMNS: Column[] = [
  { title: 'LEVEL' },
  { title: 'SINCE', align: 'right', gives: 2 },
  { title: 'WHAT' },
  { title: 'CODE', gives: 0 },
  { title: 'INSTANCE', gives: 1 },
];

export function alertsCommand(commandLine: CommandLine): Command {
  return new Command('alerts')
    .description('List current alerts, oldest first.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl alerts
  llamactl alerts -q
  llamactl events --type alert`,
    )
    .action(commandLine.online((session) => show(session)));
}

async function show({ client, terminal, signal, now }: Session): Promise<void> {
  const alerts = await client.getSystemAlerts({ signal });
  if (terminal.isJson) return terminal.printJson(alerts);
  if (terminal.isQuiet) return alerts.forEach(({ code }) => terminal.print(plain(code)));
  if (alerts.length === 0) return terminal.note('no alerts');
  const { style } = terminal;
  const entries = alerts.map(({ level, raised_at: raised, message, code, instance = '-' }) => ({
    level,
    since: since(raised, now()),
    message: plain(message),
    code: plain(code),
    instance: plain(instance),
  }));
  const room = roomForWhat(entries, terminal.columns);
  terminal.printTable(
    COLUMNS,
    entries.flatMap((entry) => rowsOf(entry, room, style)),
  );
}

/** An alert as displayed. */
interface Entry {
  level: Alert['level'];
  since: string;
  message: string;
  code: string;
  instance: string;
}

/**
 * The rows of an alert. The first has all columns, further rows only the rest of the message. The message may contain
 * the fix, so it is never cut.
 */
function rowsOf({ level, since, message, code, instance }: Entry, room: number, style: Style): Cell[][] {
  const [first = '', ...rest] = sentence(message, room);
  const painted = {
    text: plain(level),
    style: (text: string) => (level === 'error' ? style.bad(text) : style.warning(text)),
  };
  return [[painted, since, first, code, instance], ...rest.map((line): Cell[] => ['', '', line])];
}

/** Wraps a message. Breaks a word only if it is longer than a line, such as a path. */
function sentence(message: string, room: number): string[] {
  const words = message
    .split(' ')
    .flatMap((word) => (widthOf(word) <= room ? [word] : (word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? [])));
  return wrapped(words.join(' '), room);
}

/** The width that the other columns leave for the message. */
function roomForWhat(entries: readonly Entry[], columns: number): number {
  const widest = (title: string, of: (entry: Entry) => string): number =>
    Math.max(widthOf(title), ...entries.map((entry) => widthOf(of(entry))));
  const others =
    widest('LEVEL', ({ level }) => level) +
    widest('SINCE', (entry) => entry.since) +
    widest('CODE', ({ code }) => code) +
    widest('INSTANCE', ({ instance }) => instance);
  const gaps = 2 * (COLUMNS.length - 1);
  return Math.max(LEAST_COLUMNS, columns - others - gaps);
}
