import { readFile, rm } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import type { FinishedRequest } from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { writeWhole } from '../whole-file.ts';
import { requestIn, textOf } from './request-journal.ts';
import type { RequestRecord } from './requests.ts';

export interface InFlightFileOptions {
  /** Absolute. Only this user may read it, as everything in the data directory. */
  file: string;
  clock: Pick<Clock, 'after'>;
  requests: {
    /** Those that take longer than this many milliseconds; the oldest, at most `most`. */
    older: (age: number, most: number) => readonly Pick<RequestRecord, 'id' | 'cutOff'>[];
    isIdle: () => boolean;
  };
  /** Reports that the file cannot be written, once until it can be again. Requests go on. */
  onFault: (error: unknown, what: string) => void;
}

/** Between two looks at the requests in flight. Shorter requests are never written, so they cost nothing. */
const LOOK_MS = 2_000;
/** How many requests are written: a write of all that wait in a long queue would stop others. */
const MOST = 500;
const FAULT = 'The requests in flight cannot be written';
/** The error of a request that this server's predecessor had in flight when it was killed or crashed. */
const SENTENCE =
  'llamactl ended while this request was in flight, so its caller was cut off. Its engine may have worked on: engines outlive llamactl.';

/**
 * Keeps the requests in flight in a file, so that they have an end after llamactl was killed. A request itself costs one
 * check for the timer: a look every two seconds finds those that take longer, and writes only if they have changed.
 */
export class InFlightFile {
  readonly #options: InFlightFileOptions;
  /** Ids of the requests in the file. */
  #written = '';
  #isFaulty = false;
  #isClosed = false;
  #cancel: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: InFlightFileOptions) {
    this.#options = options;
  }

  /**
   * Reads the requests that an earlier server had in flight when it was killed, oldest first. Call it before the first
   * request. Never rejects.
   *
   * @param known Finished requests: one that ended after the last look is still in the file.
   */
  async read(known: readonly FinishedRequest[]): Promise<FinishedRequest[]> {
    let text = '';
    try {
      text = await readFile(this.#options.file, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#options.onFault(error, 'The requests in flight cannot be read');
    }
    if (text === '') return [];
    this.#written = text;
    this.stir();
    const over = new Set(known.map(keyOf));
    return text
      .split('\n')
      .flatMap((line) => requestIn(line) ?? [])
      .filter((request) => !over.has(keyOf(request)))
      .map((request) => ({ ...request, error: { code: null, message: SENTENCE } }));
  }

  /** Call it when a request begins. */
  stir(): void {
    if (this.#cancel !== null || this.#isClosed) return;
    this.#cancel = this.#options.clock.after(LOOK_MS, () => {
      this.#cancel = null;
      this.#look();
    });
  }

  /** Removes the file if it has requests of this server. After a reload it may be that of the next one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#writing;
    if (this.#written !== '') await this.#write([]);
  }

  #look(): void {
    const { requests } = this.#options;
    const older = requests.older(LOOK_MS, MOST);
    const ids = older.map(({ id }) => id).join(' ');
    if (ids !== this.#written) {
      this.#written = ids;
      const cut = older.map((record) => record.cutOff());
      this.#writing = this.#writing.then(() => this.#write(cut));
    }
    if (!requests.isIdle() || ids !== '') this.stir();
  }

  async #write(cut: readonly FinishedRequest[]): Promise<void> {
    const { file, onFault } = this.#options;
    try {
      await (cut.length === 0 ? rm(file, { force: true }) : writeWhole(file, textOf(cut)));
      this.#isFaulty = false;
    } catch (error) {
      if (!this.#isFaulty) onFault(error, FAULT);
      this.#isFaulty = true;
    }
  }
}

function keyOf({ id, started_at: begun }: FinishedRequest): string {
  return `${id} ${begun}`;
}
