import type { Alert, PastAlert } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { clockTime } from '../../format/clock-time.ts';
import { since } from '../../format/figures.ts';
import { EXIT } from '../exit-status.ts';
import { positive } from '../instances/setting-flags.ts';
import { Problem } from '../problem.ts';
import type { Style } from '../screen/style.ts';
import type { Cell, Column } from '../screen/table.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain, widthOf, wrapped } from '../screen/text.ts';

/** Least width of a message; narrower lines are hard to read. */
const LEAST_COLUMNS = 20;

/** Most past alerts of one request. */
const PAGE = 500;

interface AlertFlags {
  history?: boolean;
  lines: number;
}

export function alertsCommand(commandLine: CommandLine): Command {
  return new Command('alerts')
    .description('List current alerts, oldest first.')
    .option('--history', 'List past alerts too, newest first, with the time when each was cleared')
    .option('-n, --lines <count>', 'Number of past alerts', positive(6), 50)
    .addHelpText(
      'after',
      `
Examples:
  llamactl alerts
  llamactl alerts -q
  llamactl alerts --history -n 20
  llamactl alerts test
  llamactl events --type alert`,
    )
    .addCommand(testCommand(commandLine))
    .action(
      commandLine.online<AlertFlags>((session, { flags }) =>
        flags.history === true ? showHistory(session, flags.lines) : show(session),
      ),
    );
}

function testCommand(commandLine: CommandLine): Command {
  return new Command('test')
    .description('Send a test alert to alerts.webhook and alerts.command now. Only for administrators.')
    .addHelpText(
      'after',
      `
The alert has the code test and is sent once, without a retry. The running
server sends it, so a change of either setting needs llamactl reload first.

Examples:
  llamactl alerts test
  llamactl alerts test --json

Exit status 1: a receiver did not take the alert, or none is configured.`,
    )
    .action(commandLine.online((session) => test(commandLine, session)));
}

async function test(commandLine: CommandLine, { client, terminal, signal }: Session): Promise<void> {
  const receivers = await client.testAlerts({ signal });
  if (receivers.length === 0) {
    throw new Problem(
      'the server has no receiver of alerts: alerts.webhook and alerts.command are not set',
      EXIT.failed,
      ['to set one: llamactl config set alerts.webhook=URL, then llamactl reload'],
    );
  }
  if (receivers.some(({ error }) => error !== null)) commandLine.endWith(EXIT.failed);
  if (terminal.isJson) return terminal.printJson(receivers);
  for (const { receiver, error } of receivers) {
    if (error !== null) terminal.warn(plain(error));
    else terminal.print(terminal.isQuiet ? receiver : `${receiver} took the test alert`);
  }
}

async function show({ client, terminal, signal, now }: Session): Promise<void> {
  const alerts = await client.getSystemAlerts({ signal });
  if (terminal.isJson) return terminal.printJson(alerts);
  if (terminal.isQuiet) return alerts.forEach(({ code }) => terminal.print(plain(code)));
  if (alerts.length === 0) return terminal.note('no alerts');
  printEntries(
    terminal,
    ['SINCE'],
    alerts.map((alert) => ({ ...entryOf(alert), times: [since(alert.raised_at, now())] })),
  );
}

async function showHistory(session: Session, lines: number): Promise<void> {
  const { client, terminal, signal, now } = session;
  const alerts: PastAlert[] = [];
  for (let before: number | undefined; alerts.length < lines; before = alerts.at(-1)?.seq) {
    const limit = Math.min(PAGE, lines - alerts.length);
    const page = await client.getAlertHistory({ limit, before_seq: before, signal });
    alerts.push(...page.alerts);
    if (!page.more) break;
  }
  if (terminal.isJson) return terminal.printJson(alerts);
  if (terminal.isQuiet) return alerts.forEach(({ code }) => terminal.print(plain(code)));
  if (alerts.length === 0) return terminal.note('no past alerts');
  const shown = (moment: string | null): string => (moment === null ? '-' : clockTime(moment, now()));
  printEntries(
    terminal,
    ['RAISED', 'CLEARED'],
    alerts.map((alert) => ({ ...entryOf(alert), times: [shown(alert.raised_at), shown(alert.cleared_at)] })),
  );
}

/** An alert as displayed. */
interface Entry {
  level: Alert['level'];
  times: readonly string[];
  message: string;
  code: string;
  instance: string;
}

function entryOf({ level, message, code, instance = '-' }: Omit<Alert, 'raised_at'>): Omit<Entry, 'times'> {
  return { level, message: plain(message), code: plain(code), instance: plain(instance) };
}

/** @param titles Of the columns with times. */
function printEntries(terminal: Terminal, titles: readonly string[], entries: readonly Entry[]): void {
  const columns: Column[] = [
    { title: 'LEVEL' },
    ...titles.map((title): Column => ({ title, align: 'right', gives: 2 })),
    { title: 'WHAT' },
    { title: 'CODE', gives: 0 },
    { title: 'INSTANCE', gives: 1 },
  ];
  const room = roomForWhat(entries, titles, terminal.columns);
  terminal.printTable(
    columns,
    entries.flatMap((entry) => rowsOf(entry, room, terminal.style)),
  );
}

/**
 * The rows of an alert. The first has all columns, further rows only the rest of the message. The message may contain
 * the fix, so it is never cut.
 */
function rowsOf({ level, times, message, code, instance }: Entry, room: number, style: Style): Cell[][] {
  const [first = '', ...rest] = sentence(message, room);
  const painted = {
    text: plain(level),
    style: (text: string) => (level === 'error' ? style.bad(text) : style.warning(text)),
  };
  const empty = times.map(() => '');
  return [[painted, ...times, first, code, instance], ...rest.map((line): Cell[] => ['', ...empty, line])];
}

/** Wraps a message. Breaks a word only if it is longer than a line, such as a path. */
function sentence(message: string, room: number): string[] {
  const words = message
    .split(' ')
    .flatMap((word) => (widthOf(word) <= room ? [word] : (word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? [])));
  return wrapped(words.join(' '), room);
}

/** The width that the other columns leave for the message. */
function roomForWhat(entries: readonly Entry[], titles: readonly string[], columns: number): number {
  const widest = (title: string, of: (entry: Entry) => string): number =>
    Math.max(widthOf(title), ...entries.map((entry) => widthOf(of(entry))));
  const others =
    widest('LEVEL', ({ level }) => level) +
    titles.reduce((sum, title, index) => sum + widest(title, ({ times }) => times[index] ?? ''), 0) +
    widest('CODE', ({ code }) => code) +
    widest('INSTANCE', ({ instance }) => instance);
  const gaps = 2 * (titles.length + 3);
  return Math.max(LEAST_COLUMNS, columns - others - gaps);
}
