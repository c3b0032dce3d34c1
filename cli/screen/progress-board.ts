import type { Status } from '@llamactl/client';
import type { CommandLine, Session } from '../command-line.ts';
import { LiveTable, type View } from './live-table.ts';
import { cut, padded, plain, widthOf } from './text.ts';

/** The text after a name. */
export interface BoardLine {
  text: string;
  /** Selects the colour. */
  status: Status;
  /** No further change follows. */
  isFinal: boolean;
}

const TICK = 1_000;
const AWAY = 'the server does not answer; waiting for it …';

/**
 * One line for each of several names. On a terminal they are redrawn in place with the elapsed seconds until all are
 * final. Elsewhere only final lines are printed, in order of arrival. With `--quiet` only the names that succeeded.
 */
export class ProgressBoard {
  readonly #session: Session;
  readonly #names: readonly string[];
  readonly #began: number;
  readonly #table: LiveTable | null;
  readonly #width: number;
  readonly #lines = new Map<string, BoardLine>();
  #isServerAway = false;
  #stopTicking = (): void => undefined;

  constructor(session: Session, names: readonly string[], every: CommandLine['surroundings']['every']) {
    const { terminal, now, signal } = session;
    this.#session = session;
    this.#names = names;
    this.#began = now();
    this.#width = Math.max(0, ...names.map((name) => widthOf(plain(name))));
    // A board taller than the screen cannot be redrawn.
    const hasRoom = names.length < terminal.rows - 1;
    const isLive = terminal.isInteractive && hasRoom && !terminal.isJson && !terminal.isQuiet;
    this.#table = isLive ? new LiveTable(terminal, () => this.#view(), signal) : null;
    if (isLive) this.#stopTicking = every(TICK, () => this.#table?.touch());
  }

  /** Time since the board was made, such as `4.2 s`. */
  get elapsed(): string {
    return `${((this.#session.now() - this.#began) / 1_000).toFixed(1)} s`;
  }

  set(name: string, line: BoardLine): void {
    this.#lines.set(name, line);
    const { terminal } = this.#session;
    if (this.#table !== null) this.#table.touch();
    else if (line.isFinal && !terminal.isJson && (!terminal.isQuiet || line.status !== 'failed'))
      terminal.print(terminal.isQuiet ? name : this.#row(name, line));
  }

  /** Shows a note while the server does not answer. */
  setServerAway(isAway: boolean): void {
    this.#isServerAway = isAway;
    if (this.#table !== null) this.#table.touch();
    else if (isAway) this.#session.terminal.note(`llamactl: ${AWAY}`);
  }

  /** Ends the updates; the lines stay on the screen. */
  end(): void {
    this.#isServerAway = false;
    this.#stopTicking();
    this.#table?.end();
  }

  #view(): View {
    const { terminal } = this.#session;
    return { table: this.#rows(), foot: this.#isServerAway ? [terminal.style.faint(cut(AWAY, terminal.columns))] : [] };
  }

  #rows(): string[] {
    return this.#names.flatMap((name) => {
      const line = this.#lines.get(name);
      return line === undefined ? [] : [this.#row(name, line)];
    });
  }

  #row(name: string, { text, status, isFinal }: BoardLine): string {
    const { terminal, now } = this.#session;
    const seconds = Math.floor((now() - this.#began) / 1_000);
    const said = isFinal || seconds === 0 ? text : `${text} ${seconds}s`;
    const room = Math.max(10, terminal.columns - this.#width - 2);
    return `${padded(plain(name), this.#width)}  ${terminal.style.status(status, cut(plain(said), room))}`;
  }
}
