import { duration } from '../../format/figures.ts';
import { withBar } from '../screen/progress-bar.ts';
import { cut } from '../screen/text.ts';
import { knownSize } from '../screen/terminal.ts';
import type { OnProgress, Progress } from './progress.ts';

/** Shortest time between redraws on a terminal. Elsewhere a line is printed for each tenth. */
const REDRAW_MS = 100;
/** Milliseconds of a download before its speed is shown: the first moments say little. */
const MEASURED_MS = 1_000;
const INDENT = '   ';

/** The terminal, or a file or pipe in its place. */
export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write: (text: string) => unknown;
}

/**
 * Shows progress on standard error: one redrawn line on a terminal, single lines elsewhere.
 *
 * @param now Milliseconds on any clock.
 */
export function progressPrinter(
  output: ProgressOutput = process.stderr,
  now: () => number = Date.now,
): { show: OnProgress; end: () => void } {
  const isTerminal = output.isTTY === true;
  let shown = '';
  let drawnAt: number | null = null;
  let began: Download | null = null;
  const show: OnProgress = (event) => {
    const { message, done, total } = event;
    if (!isTerminal) {
      const line = isKnown(event) ? `${message} ${Math.floor((event.done / event.total) * 10) * 10} %` : message;
      if (line !== shown) output.write(`${INDENT}${line}\n`);
      shown = line;
      return;
    }
    const at = now();
    if (done === undefined) began = null;
    else if (began?.message !== message) began = { message, at, done };
    if (drawnAt !== null && at - drawnAt < REDRAW_MS && done !== total) return;
    drawnAt = at;
    // A full row would wrap, and only its last line could be redrawn.
    const room = knownSize(output.columns, 80) - 1;
    output.write(`\r\u{1B}[K${lineOf(event, began, at, room)}`);
  };
  const end = (): void => {
    if (drawnAt !== null) output.write('\r\u{1B}[K');
  };
  return { show, end };
}

/** The first report of a download. Its bytes may be those of an interrupted one, so they do not count for the speed. */
interface Download {
  message: string;
  at: number;
  done: number;
}

type Known = Progress & { done: number; total: number };

function isKnown(event: Progress): event is Known {
  return event.done !== undefined && event.total !== undefined && event.total > 0;
}

function lineOf(event: Progress, began: Download | null, at: number, room: number): string {
  const { message, done } = event;
  if (!isKnown(event)) return cut(`${INDENT}${message}${done === undefined ? '' : ` ${megabytes(done)} MB`}`, room);
  const speed =
    began === null || at - began.at < MEASURED_MS ? 0 : (event.done - began.done) / ((at - began.at) / 1_000);
  const pace = speed > 0 ? `, ${megabytes(speed)} MB/s, ${duration((event.total - event.done) / speed)} left` : '';
  const text = `${message} ${megabytes(event.done)} of ${megabytes(event.total)} MB${pace}`;
  return cut(`${INDENT}${withBar(event.done / event.total, text, room - INDENT.length)}`, room);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
