import { readFile, writeFile } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import { type FinishedRequest, FinishedRequestSchema } from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import type { Sliced, SlicedWork } from '../sliced-work.ts';
import { writeWhole } from '../whole-file.ts';
import type { FinishedChange } from './finished-requests.ts';

export interface JournalOptions {
  /** Absolute. Only this user may read it, as everything in the data directory. */
  file: string;
  clock: Pick<Clock, 'after'>;
  /** Reads and writes records: 5 000 take some 50 ms to read, and 20 to write. */
  work: Pick<SlicedWork, 'run'>;
  /** The records that a new file gets, oldest first. */
  all: () => readonly FinishedRequest[];
  /** Reports that the file cannot be written, once until it can be again. Requests go on. */
  onFault: (error: unknown, what: string) => void;
}

/** Records of one write. A crash loses at most those of this time. */
const WRITE_AFTER_MS = 1_000;
/** The whole file is written again when it has this many times the records that are kept. */
const MOST_TIMES = 2;
const FAULT = 'The records of requests cannot be written';

/**
 * Keeps the records of finished requests in a file, one line each, so that they outlive the server. Writes are batched, because a
 * record is not worth a sync of the disk.
 */
export class RequestJournal {
  readonly #options: JournalOptions;
  readonly #most: number;
  #pending: FinishedRequest[] = [];
  /** The file must be written as a whole. */
  #isStale = false;
  #lines = 0;
  /** A crash cut off the last line of the file: what is added to it would be lost too. */
  #isCutOff = false;
  #isFaulty = false;
  #isClosed = false;
  #cancel: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  /** @param most How many records are kept. */
  constructor(most: number, options: JournalOptions) {
    this.#most = most;
    this.#options = options;
  }

  /** Reads the records of earlier servers, oldest first. Skips lines that are cut off or of another version. Never rejects. */
  async read(): Promise<FinishedRequest[]> {
    let text: string;
    try {
      text = await readFile(this.#options.file, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#options.onFault(error, 'The records of requests cannot be read');
      return [];
    }
    const lines = text.split('\n').filter((line) => line !== '');
    this.#lines = lines.length;
    this.#isCutOff = text !== '' && !text.endsWith('\n');
    return this.#options.work.run(requestsIn(lines.slice(-this.#most)), null);
  }

  /** Notes a change of the records; it is written soon. */
  note(change: FinishedChange): void {
    if (this.#isClosed) return;
    if (change.kind === 'added') this.#pending.push(change.request);
    else this.#isStale = true;
    this.#cancel ??= this.#options.clock.after(WRITE_AFTER_MS, () => {
      this.#cancel = null;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  /** Writes what is pending, and nothing later: another server may own the file from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { file, all, work, onFault } = this.#options;
    const added = this.#pending.splice(0);
    if (added.length === 0 && !this.#isStale) return;
    try {
      if (this.#isStale || this.#lines + added.length > MOST_TIMES * this.#most) {
        this.#isStale = false;
        // A copy, because requests end while the text is made.
        const kept = [...all()];
        // A crash leaves the old file or the new one.
        await writeWhole(file, await work.run(textsOf(kept), null));
        this.#lines = kept.length;
      } else {
        const texts = await work.run(textsOf(added), null);
        await writeFile(file, [this.#isCutOff ? '\n' : '', ...texts], { flag: 'a', mode: 0o600 });
        this.#lines += added.length;
      }
      this.#isCutOff = false;
      this.#isFaulty = false;
    } catch (error) {
      // The disk is full, or the folder is gone: the next write makes a whole file.
      this.#isStale = true;
      if (!this.#isFaulty) onFault(error, FAULT);
      this.#isFaulty = true;
    }
  }
}

/** Records of one text, which is made and encoded without a pause: less than a millisecond. */
const AT_ONCE = 100;

/** The lines of records, in pieces: to encode the text of 5 000 as a whole takes 11 ms. */
function* textsOf(requests: readonly FinishedRequest[]): Sliced<string[]> {
  const texts: string[] = [];
  for (let index = 0; index < requests.length; index += AT_ONCE) {
    texts.push(textOf(requests.slice(index, index + AT_ONCE)));
    yield;
  }
  return texts;
}

/** One line for each request. */
export function textOf(requests: readonly FinishedRequest[]): string {
  return requests.map((request) => `${JSON.stringify(request)}\n`).join('');
}

function* requestsIn(lines: readonly string[]): Sliced<FinishedRequest[]> {
  const requests: FinishedRequest[] = [];
  for (const line of lines) {
    const request = requestIn(line);
    if (request !== null) requests.push(request);
    yield;
  }
  return requests;
}

/** The request of a line; `null`: the line is cut off, or of another version. */
export function requestIn(line: string): FinishedRequest | null {
  try {
    return FinishedRequestSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
