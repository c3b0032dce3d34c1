import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '@llamactl/contract/reason';
import type { Sliced, SlicedWork } from '../sliced-work.ts';
import { writeWhole } from '../whole-file.ts';
import { type FileFacts, FileFactsSchema } from './facts-schema.ts';
import type { FoundFile } from './found-files.ts';
import type { KnownFile } from './model-groups.ts';

/** One line of the file: a file that was found, and what was read of it. */
const LineSchema = z.object({ key: z.string(), known: FileFactsSchema });

/** Lines that are written in one turn of the event loop: some milliseconds. */
const AT_ONCE = 200;
/** Files that are read together. */
const READ_TOGETHER = 64;

/**
 * Facts of files, each valid until its file changes. Stored in the data directory, so that a start reads no header
 * again. The file is only a cache: the file of a damaged line is read again, and a full disk costs the next start time.
 */
export class KnownFacts {
  readonly #file: string;
  readonly #work: SlicedWork;
  #known = new Map<string, FileFacts>();
  /** Facts that the file lacks. */
  #learned = new Map<string, FileFacts>();
  /** Whether lines can be appended to the file: it has no damaged one. */
  #isWhole = false;

  /** @param file Absolute. */
  constructor(file: string, work: SlicedWork) {
    this.#file = file;
    this.#work = work;
  }

  async load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (codeOf(error) === null) throw error;
      return;
    }
    this.#isWhole = await this.#work.run(this.#parse(text), null);
  }

  /** @returns whether each line could be read */
  *#parse(text: string): Sliced<boolean> {
    const lines = text.split('\n');
    // The end of a whole file is a line feed.
    let isWhole = lines.pop() === '';
    for (const line of lines) {
      const parsed = parsedLine(line);
      if (parsed === null) isWhole = false;
      else this.#known.set(parsed.key, parsed.known);
      yield;
    }
    return isWhole;
  }

  /**
   * The files with their facts. Only files that are new or have changed are read.
   *
   * @param read Resolves with the facts of files, in their order.
   */
  async of(
    files: readonly FoundFile[],
    read: (files: readonly FoundFile[]) => Promise<FileFacts[]>,
    signal: AbortSignal,
  ): Promise<KnownFile[]> {
    const unknown = await this.#work.run(this.#unknown(files), signal);
    for (let index = 0; index < unknown.length; index += READ_TOGETHER) {
      signal.throwIfAborted();
      const batch = unknown.slice(index, index + READ_TOGETHER);
      const facts = await read(batch);
      for (const [at, file] of batch.entries()) this.#learn(file, facts[at]);
    }
    return this.#work.run(this.#all(files), signal);
  }

  *#unknown(files: readonly FoundFile[]): Sliced<FoundFile[]> {
    const unknown: FoundFile[] = [];
    for (const file of files) {
      if (!this.#known.has(keyOf(file))) unknown.push(file);
      yield;
    }
    return unknown;
  }

  #learn(file: FoundFile, facts: FileFacts | undefined): void {
    if (facts === undefined) return;
    const key = keyOf(file);
    this.#learned.set(key, facts);
    this.#known.set(key, facts);
  }

  *#all(files: readonly FoundFile[]): Sliced<KnownFile[]> {
    const all: KnownFile[] = [];
    for (const file of files) {
      const facts = this.#known.get(keyOf(file));
      if (facts !== undefined) all.push({ ...file, ...facts });
      yield;
    }
    return all;
  }

  /**
   * Forgets all files but these, and stores what has changed. New lines are appended: to write all lines again for one new file
   * took a sixth of a scan.
   */
  async keepOnly(files: readonly FoundFile[]): Promise<void> {
    const kept = await this.#work.run(this.#kept(files), null);
    const forgets = kept.size < this.#known.size;
    this.#known = kept;
    if (!forgets && this.#learned.size === 0) return;
    const appends = this.#isWhole && !forgets;
    this.#isWhole = false;
    try {
      if (appends) await writeFile(this.#file, linesOf(this.#learned), { flag: 'a', mode: 0o600 });
      else await writeWhole(this.#file, linesOf(kept));
      this.#isWhole = true;
      this.#learned = new Map();
    } catch (error) {
      if (codeOf(error) === null) throw error;
    }
  }

  *#kept(files: readonly FoundFile[]): Sliced<Map<string, FileFacts>> {
    const kept = new Map<string, FileFacts>();
    for (const file of files) {
      const key = keyOf(file);
      const known = this.#known.get(key);
      if (known !== undefined) kept.set(key, known);
      yield;
    }
    return kept;
  }
}

/** The lines of facts, in pieces. */
function* linesOf(known: ReadonlyMap<string, FileFacts>): Generator<string> {
  let lines = '';
  let count = 0;
  for (const [key, facts] of known) {
    lines += `${JSON.stringify({ key, known: facts })}\n`;
    count += 1;
    if (count % AT_ONCE !== 0) continue;
    yield lines;
    lines = '';
  }
  yield lines;
}

/** Identifies a version of a file. Its name counts too, because it may say the quantisation. */
function keyOf({ path: file, identity, size, modified }: FoundFile): string {
  return [identity, size, modified, file].join(' ');
}

function parsedLine(line: string): z.infer<typeof LineSchema> | null {
  try {
    return LineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
