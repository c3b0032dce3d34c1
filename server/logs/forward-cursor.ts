import type { LogFiles } from './log-files.ts';
import type { RunOutput } from './layout.ts';

/** The next step through a log. */
export type Step =
  /** `isLast`: the log had no more bytes at that moment. */
  | { type: 'bytes'; run: RunOutput; bytes: Buffer; isLast: boolean }
  /** The output between these positions was dropped. */
  | { type: 'gap'; from: number; to: number }
  /** The run has no more output. */
  | { type: 'over' }
  /** No more output at the moment. */
  | { type: 'end' };

/** Size of a piece: some 1 300 lines, which take a millisecond. */
const PIECE_BYTES = 131_072;

/** Reads the bytes of a log in order, through all its files and runs. */
export class ForwardCursor {
  readonly #files: LogFiles;
  readonly #isWritten: (run: RunOutput) => boolean;
  #place: number;
  /** The run whose bytes were read last; `null`: no bytes were read, or that run is over. */
  #run: RunOutput | null = null;

  /** @param isWritten whether a process writes to a run's file */
  constructor(files: LogFiles, place: number, isWritten: (run: RunOutput) => boolean) {
    this.#files = files;
    this.#place = place;
    this.#isWritten = isWritten;
  }

  async next(): Promise<Step> {
    for (;;) {
      const place = this.#place;
      const segments = await this.#files.segments();
      const segment = segments.find(({ to, isOpen }) => to > place || isOpen);
      if (segment === undefined) return { type: 'end' };
      const { run, from, to, isOpen } = segment;
      if (this.#run !== null && this.#run.folder !== run.folder) return this.#over();
      if (from > place) {
        this.#place = from;
        return { type: 'gap', from: place, to: from };
      }
      // checked before the read: otherwise the process's last output could be missed
      const isWritten = isOpen && this.#isWritten(run);
      const length = isOpen ? PIECE_BYTES : Math.min(PIECE_BYTES, to - place);
      const bytes = await this.#files.read(segment, place, length);
      if (bytes === null) continue;
      if (bytes.length === 0) return isWritten || this.#run === null ? { type: 'end' } : this.#over();
      this.#place = place + bytes.length;
      this.#run = run;
      return { type: 'bytes', run, bytes, isLast: isWritten && bytes.length < length };
    }
  }

  #over(): Step {
    this.#run = null;
    return { type: 'over' };
  }
}
