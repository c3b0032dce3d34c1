import type { OnProgress } from './progress.ts';

/** Shortest time between redraws on a terminal. Elsewhere a line is printed for each tenth. */
const REDRAW_MS = 100;
const BAR_WIDTH = 30;

/** Shows progress on standard error: one redrawn line on a terminal, single lines elsewhere. */
export function progressPrinter(): { show: OnProgress; end: () => void } {
  const isTerminal = process.stderr.isTTY;
  let shown = '';
  let drawnAt = 0;
  const show: OnProgress = ({ message, done, total }) => {
    const now = Date.now();
    const isKnown = done !== undefined && total !== undefined && total > 0;
    if (!isTerminal) {
      const line = isKnown ? `${message} ${Math.floor((done / total) * 10) * 10} %` : message;
      if (line !== shown) process.stderr.write(`   ${line}\n`);
      shown = line;
      return;
    }
    if (now - drawnAt < REDRAW_MS && done !== total) return;
    drawnAt = now;
    process.stderr.write(`\r\u{1B}[K   ${isKnown ? `${bar(done / total)} ` : ''}${message}${amount(done, total)}`);
  };
  const end = (): void => {
    if (isTerminal && drawnAt > 0) process.stderr.write('\r\u{1B}[K');
  };
  return { show, end };
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
}

function amount(done: number | undefined, total: number | undefined): string {
  if (done === undefined) return '';
  const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
  return total === undefined ? ` ${megabytes(done)} MB` : ` ${megabytes(done)} of ${megabytes(total)} MB`;
}
