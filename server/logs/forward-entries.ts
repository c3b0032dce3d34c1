import type { LogItem } from '@llamactl/contract/logs';
import { entriesOf, parserBehind, type LineFilter } from './entries.ts';
import { ForwardCursor } from './forward-cursor.ts';
import { LineAssembly } from './line-assembly.ts';
import type { Line } from './line-split.ts';
import type { LogFiles } from './log-files.ts';
import { lookBack } from './look-back.ts';
import type { LineParser } from './parse.ts';
import type { RunOutput } from './layout.ts';
import { runStart } from './run-start.ts';

/** The result of one read. */
export interface Bunch {
  items: LogItem[];
  /** Whether the log had no more at that moment. */
  isLast: boolean;
  /** Bytes read. */
  bytes: number;
}

/** Reads a log from a position on, a piece at a time. Keeps only the start of an unfinished line in memory. */
export class ForwardEntries {
  readonly #cursor: ForwardCursor;
  readonly #assembly: LineAssembly;
  readonly #filter: LineFilter;
  /** Parser of the run whose lines were read last. */
  #parser: { folder: string; parser: LineParser } | null;

  private constructor(
    cursor: ForwardCursor,
    assembly: LineAssembly,
    filter: LineFilter,
    parser: { folder: string; parser: LineParser } | null,
  ) {
    this.#cursor = cursor;
    this.#assembly = assembly;
    this.#filter = filter;
    this.#parser = parser;
  }

  /**
   * @param place Start position; the line around it is read whole. A position behind the end counts as the end.
   * @param filter reads return the entries that it selects, and all gaps
   * @param isWritten whether a process writes to a run's file
   */
  static async open(
    files: LogFiles,
    place: number,
    filter: LineFilter,
    isWritten: (run: RunOutput) => boolean,
  ): Promise<ForwardEntries> {
    const end = (await files.segments()).at(-1)?.to ?? 0;
    const { start, before } = await lookBack(files, Math.min(place, end), isWritten);
    const parser = before && {
      folder: before.run.folder,
      parser: parserBehind(await runStart(before.run.folder), before.lines),
    };
    return new ForwardEntries(new ForwardCursor(files, start, isWritten), new LineAssembly(start), filter, parser);
  }

  /** Position after the last line that was read. */
  get place(): number {
    return this.#assembly.lineStart;
  }

  async read(): Promise<Bunch> {
    const step = await this.#cursor.next();
    switch (step.type) {
      case 'end':
        return { items: [], isLast: true, bytes: 0 };
      case 'gap': {
        const gap = { from_seq: this.#assembly.lineStart, to_seq: step.to };
        this.#assembly.skipTo(step.to);
        return { items: [{ gap }], isLast: false, bytes: 0 };
      }
      case 'over': {
        const lines: Line[] = [];
        this.#assembly.finish((text, seq, isCut) => lines.push({ text, seq, isCut }));
        return { items: this.#entries(lines), isLast: false, bytes: 0 };
      }
      case 'bytes': {
        const { folder } = step.run;
        if (this.#parser?.folder !== folder)
          this.#parser = { folder, parser: parserBehind(await runStart(folder), []) };
        const lines: Line[] = [];
        this.#assembly.push(step.bytes, (text, seq, isCut) => lines.push({ text, seq, isCut }));
        return { items: this.#entries(lines), isLast: step.isLast, bytes: step.bytes.length };
      }
    }
  }

  #entries(lines: readonly Line[]): LogItem[] {
    return this.#parser === null ? [] : entriesOf(this.#parser.parser, lines, this.#filter);
  }
}
