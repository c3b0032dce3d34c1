import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { LoadTimes } from '../instances/ports/load-times.ts';

/** Loads of one kind that are kept: a median of five ignores a slow disk once. */
const MOST_OF_A_KIND = 5;
/** Kinds that are kept, those with the newest loads. */
const MOST_KINDS = 2_000;
const VERSION = 1;

const KeptSchema = z.object({
  version: z.literal(VERSION),
  /** Oldest use first. */
  kinds: z.array(z.tuple([z.string(), z.array(z.number())])).max(MOST_KINDS),
});

/** The last loads of each kind, in a bounded list. */
export class LoadTimeList implements LoadTimes {
  /** By the hash of the kind; the last one was used last. */
  readonly #kinds = new Map<string, number[]>();
  readonly #onChange: () => void;

  /**
   * @param text What {@link text} returned before; anything else counts as nothing.
   * @param onChange Called after each change.
   */
  constructor(text: string | null = null, onChange: () => void = () => undefined) {
    this.#onChange = onChange;
    for (const [hash, seconds] of parsed(text)) this.#kinds.set(hash, seconds);
  }

  /** The list as text, for a file. */
  get text(): string {
    return JSON.stringify({ version: VERSION, kinds: [...this.#kinds] });
  }

  of(kind: string): readonly number[] {
    return this.#kinds.get(hashOf(kind)) ?? [];
  }

  add(kind: string, seconds: number): void {
    const hash = hashOf(kind);
    const known = this.#kinds.get(hash) ?? [];
    this.#kinds.delete(hash);
    this.#kinds.set(hash, [...known, seconds].slice(-MOST_OF_A_KIND));
    for (const oldest of this.#kinds.keys().take(Math.max(0, this.#kinds.size - MOST_KINDS)))
      this.#kinds.delete(oldest);
    this.#onChange();
  }

  forget(kind: string): void {
    if (this.#kinds.delete(hashOf(kind))) this.#onChange();
  }
}

/** A command line may hold secrets, so only its hash is kept. */
function hashOf(kind: string): string {
  return createHash('sha256').update(kind).digest('base64url').slice(0, 22);
}

function parsed(text: string | null): [string, number[]][] {
  if (text === null) return [];
  try {
    const { success, data } = KeptSchema.safeParse(JSON.parse(text));
    return success ? data.kinds : [];
  } catch {
    // no JSON: the estimates begin with nothing
    return [];
  }
}
