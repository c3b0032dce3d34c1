import type { Download } from '@llamactl/client';
import { bytes, duration } from '../../format/figures.ts';
import { withBar } from '../screen/progress-bar.ts';
import { knownSize, type Terminal } from '../screen/terminal.ts';
import { cut } from '../screen/text.ts';

/** The progress of a download, as the API and its events have it. */
export type Progress = Pick<Download, 'state' | 'done_bytes' | 'total_bytes' | 'bytes_per_second' | 'eta_seconds'>;

/** Milliseconds without a byte after which the speed is 0, although the last report had another. */
const STALLED_MS = 3_000;
const CLEAR_LINE = '\r\u{1B}[K';
const AWAY = 'the server does not answer; waiting for it …';

/** Shows a download on standard error: one redrawn line on a terminal, else a line for each tenth; nothing with `--quiet`. */
export class DownloadBar {
  readonly #terminal: Pick<Terminal, 'isQuiet' | 'note' | 'streams'>;
  readonly #now: () => number;
  #last: Progress | null = null;
  /** When bytes came last, by `now`. */
  #cameAt = 0;
  #isAway = false;
  #tenth = -1;

  /** @param now Milliseconds on any clock. */
  constructor(terminal: Pick<Terminal, 'isQuiet' | 'note' | 'streams'>, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  show(progress: Progress): void {
    if (progress.done_bytes !== this.#last?.done_bytes) this.#cameAt = this.#now();
    this.#last = progress;
    if (this.#isLive) return this.draw();
    const { state, done_bytes: done, total_bytes: total } = progress;
    const tenth = Math.floor((total === 0 ? 1 : done / total) * 10);
    if ((state !== 'running' && state !== 'done') || tenth <= this.#tenth) return;
    this.#tenth = tenth;
    this.#terminal.note(`${String(tenth * 10).padStart(3)} %  ${bytes(done)} of ${bytes(total)}`);
  }

  /** Says whether the server answers. */
  setServerAway(isAway: boolean): void {
    this.#isAway = isAway;
    if (this.#isLive) this.draw();
    else if (isAway) this.#terminal.note(`llamactl: ${AWAY}`);
  }

  /** Draws the line again: time has passed. */
  draw(): void {
    if (!this.#isLive || this.#last === null) return;
    const { stderr } = this.#terminal.streams;
    // A full row would wrap, and only its last line could be redrawn.
    const room = knownSize(stderr.columns, 80) - 1;
    const isStalled = this.#now() - this.#cameAt >= STALLED_MS;
    stderr.write(`${CLEAR_LINE}${this.#isAway ? cut(AWAY, room) : downloadLine(this.#last, { room, isStalled })}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#isLive && this.#last !== null) this.#terminal.streams.stderr.write(CLEAR_LINE);
    this.#last = null;
  }

  get #isLive(): boolean {
    return this.#terminal.streams.stderr.isTTY === true && !this.#terminal.isQuiet;
  }
}

/** A download in one line: a bar, percent, bytes, speed, and the time that is left. @param room Most columns. */
export function downloadLine(progress: Progress, { room, isStalled }: { room: number; isStalled: boolean }): string {
  const { done_bytes: done, total_bytes: total } = progress;
  const figures = [
    `${percentOf(progress)} %`.padStart(5),
    `${bytes(done)} of ${bytes(total)}`,
    ...paceOf(progress, isStalled),
  ];
  return cut(withBar(total === 0 ? 1 : done / total, figures.join('  '), room), room);
}

/** Whole percent, rounded down, so that 100 means all. */
export function percentOf({
  done_bytes: done,
  total_bytes: total,
}: Pick<Progress, 'done_bytes' | 'total_bytes'>): number {
  return total === 0 ? 100 : Math.floor((done / total) * 100);
}

function paceOf({ state, bytes_per_second: speed, eta_seconds: left }: Progress, isStalled: boolean): string[] {
  switch (state) {
    case 'queued':
      return ['waiting: two others run'];
    case 'verifying':
      return ['checking'];
    case 'running':
      if (isStalled || speed === 0) return ['0 B/s'];
      return [`${bytes(speed)}/s`, ...(left === null ? [] : [`${duration(left)} left`])];
    default:
      return [state];
  }
}
