import { open } from 'node:fs/promises';
import { unlessMissing } from './file-error.ts';
import type { RunOutput } from './layout.ts';

/** A part of a log that is in one file: places `from` … `to` of the log. */
export interface Segment {
  run: RunOutput;
  file: string;
  /** Place of the file's first byte. */
  origin: number;
  from: number;
  to: number;
  /** The file to which the newest run's engine appends: it may go on behind `to`. */
  isOpen: boolean;
}

/** What is kept of a log, oldest first; what is missing in between was dropped. */
export function segmentsOf(runs: readonly RunOutput[]): Segment[] {
  return runs.flatMap((run, index) => {
    const isNewest = index === runs.length - 1;
    // a process that wrote on after the next run had begun: those places are the next run's
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
  /** The runs of the moment, oldest first. */
  list(): Promise<RunOutput[]>;
  /** Changes whenever bytes move to another file or a run begins or ends; taken before the runs are listed. */
  stamp(): string;
}

/** Reads the bytes of a log, wherever they are. Keeps no file open. */
export class LogFiles {
  readonly #options: LogFilesOptions;
  #listed: { stamp: string; segments: readonly Segment[] } | null = null;

  constructor(options: LogFilesOptions) {
    this.#options = options;
  }

  /** As last listed, unless something has changed since. */
  async segments(): Promise<readonly Segment[]> {
    while (this.#listed?.stamp !== this.#options.stamp()) {
      const stamp = this.#options.stamp();
      this.#listed = { stamp, segments: segmentsOf(await this.#options.list()) };
    }
    return this.#listed.segments;
  }

  /**
   * The bytes from place `from` on: `length` of them, of an open segment as many as there are. `null`: they were moved or
   * dropped meanwhile; `segments` tells where what is left is.
   */
  async read(segment: Segment, from: number, length: number): Promise<Buffer | null> {
    const listed = this.#listed;
    const bytes = await readPart(segment.file, from - segment.origin, length);
    const isMoved = listed === null || listed.stamp !== this.#options.stamp();
    const isMissing = bytes === null || (bytes.length < length && !segment.isOpen);
    if (!isMoved && !isMissing) return bytes;
    // the engine's file is made when it is spawned, after its run has begun
    if (!isMoved && segment.isOpen) return Buffer.alloc(0);
    this.#listed = null;
    return null;
  }
}

/** `null`: there is no such file. Fewer bytes when it ends before. */
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
