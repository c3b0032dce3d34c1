import { type Clock, nextTurn } from '../instances/ports/time.ts';
import type { LogFiles, Segment } from './log-files.ts';
import { eachLine, joinParts, LINE_FEED, textOf, type Line, type Part } from './line-split.ts';
import type { RunOutput } from './layout.ts';

/** Size of a piece: the last hundred lines took 0.6 ms on 1 GB. */
const PIECE_BYTES = 65_536;

/** Lines of one run that were read together, oldest first; the next block has earlier lines. */
export interface Block {
  run: RunOutput;
  lines: Line[];
}

export interface SearchOptions {
  clock: Clock;
  /** Most bytes that the search reads. */
  maxBytes: number;
  /** Whether a process writes to a run's file: then the text after its last line feed is no line yet. */
  isWritten: (run: RunOutput) => boolean;
  /** Only lines that end before this position; absent: all. */
  before?: number | undefined;
  /** Aborts the search, which then returns what it has found. */
  signal?: AbortSignal | undefined;
}

/** The end of a line whose beginning has not been read. */
interface Tail extends Part {
  /** Position after the line. */
  seq: number;
  /** The engine has not finished the line. */
  isPending: boolean;
}

interface Piece {
  bytes: Buffer;
  from: number;
  /** Whether the first byte begins a line. */
  beginsLine: boolean;
}

/**
 * Reads the lines of a log backward from its end, in blocks. If no line begins within the allowed bytes, returns the part
 * of the line that was read.
 */
export class BackwardLines {
  /** Whether the search ended at its limit of bytes. */
  isTruncated = false;
  readonly #files: LogFiles;
  readonly #options: SearchOptions;
  #place: number | null = null;
  #next = 0;
  #left: number;
  #run: RunOutput | null = null;
  #tail: Tail | null = null;
  #isEmpty = true;

  constructor(files: LogFiles, options: SearchOptions) {
    this.#files = files;
    this.#options = options;
    this.#left = options.maxBytes;
  }

  /** Position after the last finished line, known after the first block: where to continue. */
  get next(): number {
    return this.#next;
  }

  /** All lines that were not read yet have a smaller `seq` than this. */
  get searchedTo(): number {
    return (this.#tail?.seq ?? this.#place ?? 0) + 1;
  }

  /** The next block; `null`: no more. */
  async block(): Promise<Block | null> {
    while (this.#left > 0 && this.#options.signal?.aborted !== true) {
      const segments = await this.#files.segments();
      if (this.#place === null) {
        this.#next = segments.at(-1)?.to ?? 0;
        this.#place = Math.min(this.#next, (this.#options.before ?? Number.POSITIVE_INFINITY) - 1);
      }
      const place = this.#place;
      const index = segments.findLastIndex(({ from }) => from < place);
      const segment = segments[index];
      if (segment === undefined) return null;
      const beginsLine = !isContinued(segments[index - 1], segment);
      const block = await this.#readPiece(segment, Math.min(place, segment.to), beginsLine);
      await nextTurn(this.#options.clock);
      if (block === null || block.lines.length === 0) continue;
      this.#isEmpty = false;
      return block;
    }
    this.isTruncated = true;
    return this.#partOfLine();
  }

  /** @param beginsLine whether the segment begins with a new line */
  async #readPiece(segment: Segment, to: number, beginsLine: boolean): Promise<Block | null> {
    const { run } = segment;
    const from = Math.max(pieceStart(segment, to), to - this.#left);
    const bytes = await this.#files.read(segment, from, to - from);
    if (bytes === null) return null;
    // the bytes after this piece belong to another run, or were dropped
    if (this.#run?.folder !== run.folder || this.#place !== to) this.#tail = null;
    if (this.#tail === null && bytes.at(-1) !== LINE_FEED) {
      // The line around the position where the search begins, and the one that the engine has not finished, are left out.
      const isPending = to < segment.to || (segment.isOpen && this.#options.isWritten(run));
      this.#tail = { bytes: Buffer.alloc(0), isCut: false, seq: to, isPending };
    }
    const split = splitPiece({ bytes, from, beginsLine: beginsLine && from === segment.from }, this.#tail);
    this.#next = split.pendingFrom ?? this.#next;
    this.#tail = split.tail;
    this.#run = run;
    this.#place = from;
    this.#left -= bytes.length;
    return { run, lines: split.lines };
  }

  #partOfLine(): Block | null {
    const tail = this.#tail;
    this.#tail = null;
    if (!this.#isEmpty || this.#run === null || tail === null || tail.isPending) return null;
    this.#isEmpty = false;
    return { run: this.#run, lines: [lineOf(tail)] };
  }
}

/** Pieces of a file begin at multiples of their size, like memory pages. */
function pieceStart({ origin, from }: Segment, to: number): number {
  const start = origin + Math.floor((to - origin - 1) / PIECE_BYTES) * PIECE_BYTES;
  return Math.max(start, from);
}

/** Whether a segment may begin within a line: rotation may have divided a very long one. */
function isContinued(before: Segment | undefined, segment: Segment): boolean {
  return before !== undefined && before.run.folder === segment.run.folder && before.to === segment.from;
}

/** @param tail end of the line in which the piece ends; `null`: the piece ends with a whole line */
function splitPiece(
  { bytes, from, beginsLine }: Piece,
  tail: Tail | null,
): { lines: Line[]; tail: Tail | null; pendingFrom: number | null } {
  const lastEnd = bytes.lastIndexOf(LINE_FEED) + 1;
  const firstEnd = beginsLine ? 0 : bytes.indexOf(LINE_FEED) + 1;
  const lines: Line[] = [];
  eachLine(bytes.subarray(firstEnd, lastEnd), from + firstEnd, (text, seq, isCut) => lines.push({ text, seq, isCut }));
  const lastLine = tail === null ? null : { ...tail, ...joinParts(partOf(bytes.subarray(lastEnd)), tail) };
  // the piece lies within one line
  if (lastEnd === 0 && !beginsLine) return { lines, tail: lastLine, pendingFrom: null };
  if (lastLine !== null && !lastLine.isPending) lines.push(lineOf(lastLine));
  const seq = from + firstEnd;
  return {
    lines,
    tail: beginsLine ? null : { ...partOf(bytes.subarray(0, firstEnd - 1)), seq, isPending: false },
    pendingFrom: lastLine?.isPending ? from + lastEnd : null,
  };
}

function partOf(bytes: Buffer): Part {
  return { bytes, isCut: false };
}

function lineOf({ bytes, isCut, seq }: Tail): Line {
  return { text: textOf(bytes), seq, isCut };
}
