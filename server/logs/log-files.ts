import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { unlessMissing } from './file-error.ts';
import type { RunOutput } from './layout.ts';

/** The part of a log in one file: positions `from` … `to` of the log. */
export interface Segment {
  run: RunOutput;
  file: string;
  /** Position of the file's first byte. */
  origin: number;
  from: number;
  to: number;
  /** Whether this is the file that the newest run's engine appends to: it may grow beyond `to`. */
  isOpen: boolean;
}

/** The kept parts of a log, oldest first; the parts missing between them were dropped. */
export function segmentsOf(runs: readonly RunOutput[]): Segment[] {
  return runs.flatMap((run, index) => {
    const isNewest = index === runs.length - 1;
    // a process may have written after the next run began: from there on, positions belong to the next run
    const limit = runs[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    const archives = run.archives
      .filter(({ from, to, size }) => size === to - from)
      .map(({ file, from, to }) => ({ file, origin: run.start + from, from, to, isOpen: false }));
    const live = { file: run.live, origin: run.start + run.shift, from: run.liveFrom, to: run.end, isOpen: isNewest };
    return [...archives, live]
      .map((part) => ({ ...part, run, from: run.start + part.from, to: Math.min(run.start + part.to, limit) }))
      .filter(({ from, to, isOpen }) => to > from || isOpen);
  });
}

export interface LogFilesOptions {
  /** Lists the current runs, oldest first. */
  list(): Promise<RunOutput[]>;
  /** Changes whenever bytes move to another file, or a run begins or ends. Taken before the runs are listed. */
  stamp(): string;
}

/** Reads the bytes of a log from all its files. Keeps no file open. */
export class LogFiles {
  readonly #options: LogFilesOptions;
  #listed: { stamp: string; segments: readonly Segment[] } | null = null;

  constructor(options: LogFilesOptions) {
    this.#options = options;
  }

  /** The segments; listed again only after a change. */
  async segments(): Promise<readonly Segment[]> {
    while (this.#listed?.stamp !== this.#options.stamp()) {
      const stamp = this.#options.stamp();
      this.#listed = { stamp, segments: segmentsOf(await this.#options.list()) };
    }
    return this.#listed.segments;
  }

  /** Position after the newest byte. */
  async end(): Promise<number> {
    const last = (await this.segments()).at(-1);
    if (last === undefined) return 0;
    // The file grows without a new listing.
    const size = last.isOpen ? (statSync(last.file, { throwIfNoEntry: false })?.size ?? 0) : 0;
    return Math.max(last.to, last.origin + size);
  }

  /**
   * Reads `length` bytes from position `from` on; an open segment may have fewer. `null`: the bytes were moved or dropped
   * meanwhile; get the `segments` again.
   */
  async read(segment: Segment, from: number, length: number): Promise<Buffer | null> {
    const listed = this.#listed;
    const bytes = await readPart(segment.file, from - segment.origin, length);
    const isMoved = listed === null || listed.stamp !== this.#options.stamp();
    const isMissing = bytes === null || (bytes.length < length && !segment.isOpen);
    if (!isMoved && !isMissing) return bytes;
    // the engine's file is created when the engine is spawned, after its run has begun
    if (!isMoved && segment.isOpen) return Buffer.alloc(0);
    this.#listed = null;
    return null;
  }
}

/** Reads part of a file, or fewer bytes if the file ends earlier; `null`: the file does not exist. */
async function readPart(path: string, position: number, length: number): Promise<Buffer | null> {
  const file = await unlessMissing(open(path, 'r'));
  if (file === null) return null;
  try {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}
