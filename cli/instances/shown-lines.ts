import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '@llamactl/contract/record';
import { writeAtomically } from '../atomic-file.ts';
import type { Surroundings } from '../surroundings.ts';

/** Most sources that are remembered; the one that was imported longest ago goes first. */
const MOST_SOURCES = 20;
/** Most lines of one source that are remembered. All others are printed again. */
const MOST_LINES = 5_000;
/** Characters of a hash. A mistaken match would hide a line. */
const HASH_LENGTH = 16;
/** Marks the hash of an instance that an import made; no hash has this character. */
const MADE = '+';

type Stored = Readonly<Record<string, readonly string[]>>;

/**
 * The lines of earlier imports that a person has seen, and the instances that they made, as hashes in one file of the
 * user. Without the file, all lines count as new, and no instance as made.
 */
export class ShownLines {
  readonly #file: string;
  readonly #source: string;

  /** @param source Names the file or folder that is imported. */
  constructor({ environment, home }: Pick<Surroundings, 'environment' | 'home'>, source: string) {
    const folder = environment['XDG_STATE_HOME'] || path.join(home, '.local', 'state');
    this.#file = path.join(folder, 'llamactl', 'imports.json');
    this.#source = hashOf(source);
  }

  /** Whether an earlier import printed a line. Reads the file once. */
  read(): (line: string) => boolean {
    const shown = new Set(this.#stored()[this.#source]);
    return (line) => shown.has(hashOf(line));
  }

  /** Whether an earlier import made an instance. Reads the file once. */
  made(): (instance: string) => boolean {
    const isMade = new Set(this.#stored()[this.#source]);
    return (instance) => isMade.has(MADE + hashOf(instance));
  }

  /** Remembers instances that an import made. @throws {Error} of the system: the file cannot be written */
  rememberMade(instances: readonly string[]): void {
    const { [this.#source]: before = [], ...others } = this.#stored();
    this.#write([...instances.map((each) => MADE + hashOf(each)), ...before], others);
  }

  /**
   * Remembers printed lines.
   *
   * @param isWhole These are all lines of the source, so a line that it no longer has counts as new when it comes back.
   * @throws {Error} of the system: the file cannot be written
   */
  remember(lines: readonly string[], isWhole: boolean): void {
    const { [this.#source]: before = [], ...others } = this.#stored();
    const kept = isWhole ? before.filter((each) => each.startsWith(MADE)) : before;
    this.#write([...kept, ...lines.map(hashOf)], others);
  }

  #write(hashes: readonly string[], others: Stored): void {
    const unique = [...new Set(hashes)];
    const sources = [[this.#source, unique.slice(0, MOST_LINES)] as const, ...Object.entries(others)];
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const text = JSON.stringify(Object.fromEntries(sources.slice(0, MOST_SOURCES)));
    writeAtomically(this.#file, `${text}\n`, { mode: 0o600, mayReplace: true });
  }

  #stored(): Stored {
    let stored: unknown;
    try {
      stored = JSON.parse(readFileSync(this.#file, 'utf8'));
    } catch {
      // Missing, unreadable or damaged: then the import prints every line, which loses nothing.
      return {};
    }
    return Object.fromEntries(
      Object.entries(isRecord(stored) ? stored : {}).flatMap(([source, lines]) =>
        Array.isArray(lines) ? [[source, lines.filter((each) => typeof each === 'string')] as const] : [],
      ),
    );
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}
