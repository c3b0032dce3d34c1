import type { LogFiles } from './log-files.ts';
import type { RunOutput } from './layout.ts';

/** What comes next in a log. */
export type Step =
  /** `isLast`: there was no more at that moment. */
  | { type: 'bytes'; run: RunOutput; bytes: Buffer; isLast: boolean }
  /** What was between these places has been dropped. */
  | { type: 'gap'; from: number; to: number }
  /** Nothing will follow of the run. */
  | { type: 'over' }
  /** Nothing more at the moment. */
  | { type: 'end' };

/** Read forward in pieces of this size: some 1 300 lines, which take a millisecond. */
const PIECE_BYTES = 131_072;

/** Goes through the bytes of a log, over all its files and runs. */
export class ForwardCursor {
  readonly #files: LogFiles;
  readonly #isWritten: (run: RunOutput) => boolean;
  #place: number;
  /** The run of which bytes were read, and that may not be over. */
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
      // asked before it is read: what it wrote last must not be missed
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
