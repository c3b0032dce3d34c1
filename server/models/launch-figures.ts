import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import { z } from 'zod';
import { writeWhole } from '../whole-file.ts';
import type { KnownNeeds } from './launch-fit.ts';

const NeedSchema = z.object({
  device: z.string(),
  weights: z.number(),
  cache: z.number(),
  compute: z.number(),
  surplus: z.number().optional(),
  isReported: z.literal(true).optional(),
});
/** One line of the file. */
const LineSchema = z.object({
  key: z.string(),
  source: z.enum(['measured', 'projected']),
  needs: z.array(NeedSchema),
});

/** Most launches that are remembered. */
const MOST_FIGURES = 500;

/**
 * The needs of earlier launches, by files, program, options and devices. The file is only a cache: a damaged line, or a full
 * disk, costs the next estimate its precision.
 */
export class LaunchFigures {
  readonly #file: string;
  /** Oldest first. */
  #known = new Map<string, KnownNeeds>();
  #storing: Promise<void> = Promise.resolve();

  /** @param file Absolute. */
  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (codeOf(error) === null) throw error;
      return;
    }
    const lines = text.split('\n').flatMap((line) => parsedLine(line) ?? []);
    // Launches of this process are newer.
    this.#known = new Map([...lines.map(({ key, ...known }) => [key, known] as const), ...this.#known]);
  }

  of(key: string): KnownNeeds | null {
    return this.#known.get(key) ?? null;
  }

  /** Resolves when the figure is stored, or the disk is full. */
  async note(key: string, known: KnownNeeds): Promise<void> {
    if (JSON.stringify(this.#known.get(key)) === JSON.stringify(known)) return;
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_FIGURES && oldest !== undefined) this.#known.delete(oldest);
    // One after the other, because all write the same draft.
    this.#storing = this.#storing.then(() => this.#store());
    await this.#storing;
  }

  async #store(): Promise<void> {
    const lines = [...this.#known].map(([key, known]) => `${JSON.stringify({ key, ...known })}\n`);
    try {
      await writeWhole(this.#file, lines.join(''));
    } catch (error) {
      if (codeOf(error) === null) throw error;
    }
  }
}

/** The key of a launch. @param parts Equal for launches that need the same; not functions. */
export function figureKey(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function parsedLine(line: string): z.infer<typeof LineSchema> | null {
  try {
    return LineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
