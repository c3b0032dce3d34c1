import { codeOf, errorWords } from '@llamactl/contract/reason';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../atomic-file.ts';
import { EXIT } from '../exit-status.ts';
import { followedUrl } from './local-server.ts';
import { Problem } from '../problem.ts';
import { isTrusted } from './trust.ts';

/** A named server. */
export interface Context {
  /**
   * With `data_dir`: the server's current address if it runs. Otherwise its last known address, for display only: no
   * secret goes there.
   */
  url: string;
  /** Absolute. If set, the context follows the server of this machine that uses this data directory, at any address. */
  data_dir?: string;
  /** The token of the last log-in, or a key. */
  token?: string;
  /** The account of the log-in; absent for a key. */
  username?: string;
}

interface Stored {
  /** The context to use when the command line names none; `null`: the server of this machine. */
  current: string | null;
  contexts: Record<string, Context>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Named servers with their credentials, in one file that only its owner can read. */
export class Contexts {
  /** Absolute path of the file; it need not exist. */
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  get current(): string | null {
    return this.#read().current;
  }

  list(): [name: string, context: Context][] {
    return Object.entries(this.#read().contexts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** As {@link list}, but empty when the file may not be used. For callers that can do without it. */
  listIfUsable(): [name: string, context: Context][] {
    try {
      return this.list();
    } catch (error) {
      if (error instanceof Problem) return [];
      throw error;
    }
  }

  /**
   * Creates the folder, and removes the write permission of others from a folder that we own.
   *
   * @throws {Problem} when others can write to the folder, or the folder cannot be made
   */
  prepare(): void {
    const folder = path.dirname(this.file);
    let isSafe: boolean;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { uid, mode } = statSync(folder);
      // A umask of 002 gives the group this permission when another program makes the folder.
      if (uid === process.getuid?.() && (mode & 0o022) !== 0) chmodSync(folder, mode & 0o7755);
      isSafe = isTrusted(statSync(folder));
    } catch (error) {
      throw new Problem(`${this.file} cannot be written: ${errorWords(error)}`, EXIT.failed);
    }
    if (!isSafe) throw openToOthers(this.file, folder);
  }

  /** `undefined`: no context has this name. */
  find(name: string): Context | undefined {
    const { contexts } = this.#read();
    return Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  }

  /** @throws {Problem} when no context has this name */
  get(name: string): Context {
    const context = this.find(name);
    if (context !== undefined) return context;
    const names = this.list().map(([each]) => each);
    throw new Problem(
      `there is no context ${name}${names.length === 0 ? '' : `; contexts: ${names.join(', ')}`}`,
      EXIT.notFound,
      ['to add one: llamactl context add NAME --url URL'],
    );
  }

  /** Adds or replaces a context. */
  set(name: string, context: Context): void {
    if (!NAME.test(name))
      throw new Problem(
        `${name} is not a valid context name: use letters, digits, dots, dashes and underscores`,
        EXIT.usage,
      );
    const stored = this.#read();
    this.#write({ ...stored, contexts: { ...stored.contexts, [name]: context } });
  }

  /** @param name `null`: the server of this machine */
  use(name: string | null): void {
    if (name !== null) this.get(name);
    this.#write({ ...this.#read(), current: name });
  }

  remove(name: string): void {
    this.get(name);
    const { current, contexts } = this.#read();
    const rest = Object.fromEntries(Object.entries(contexts).filter(([each]) => each !== name));
    this.#write({ current: current === name ? null : current, contexts: rest });
  }

  #read(): Stored {
    let text: string;
    let openTo: string | null;
    try {
      text = readFileSync(this.file, 'utf8');
      openTo = [path.dirname(this.file), this.file].find((each) => !isTrusted(statSync(each))) ?? null;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { current: null, contexts: {} };
      throw new Problem(`${this.file} cannot be read: ${errorWords(error)}`, EXIT.failed);
    }
    // Everyone who can write the file decides which server gets which token.
    if (openTo !== null) throw openToOthers(this.file, openTo);
    try {
      return checked(JSON.parse(text));
    } catch {
      throw new Problem(`${this.file} is damaged; correct it, or remove it and add your contexts again`, EXIT.failed);
    }
  }

  /** Replaces the file, so that no old mode and no partial content remains. */
  #write(stored: Stored): void {
    this.prepare();
    try {
      writeAtomically(this.file, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, mayReplace: true });
    } catch (error) {
      throw new Problem(`${this.file} cannot be written: ${errorWords(error)}`, EXIT.failed);
    }
  }
}

function openToOthers(file: string, openTo: string): Problem {
  return new Problem(`${file} is not used, because other users can write to ${openTo}`, EXIT.failed, [
    `if it is yours, remove their permission: chmod go-w ${openTo}`,
  ]);
}

/** @throws {Error} when the content is not what {@link Contexts} writes */
function checked(read: unknown): Stored {
  const { current, contexts } = record(read);
  if (current !== null && typeof current !== 'string') throw new Error('current');
  return {
    current,
    contexts: Object.fromEntries(
      Object.entries(record(contexts)).map(([name, each]) => [name, contextOf(record(each))]),
    ),
  };
}

function contextOf({ url, data_dir: directory, token, username }: Record<string, unknown>): Context {
  if (typeof url !== 'string') throw new Error('url');
  const followed = typeof directory === 'string' ? directory : null;
  return {
    url: (followed === null ? null : followedUrl(followed)) ?? url,
    ...(followed === null ? {} : { data_dir: followed }),
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof username === 'string' ? { username } : {}),
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  return Object.fromEntries(Object.entries(value));
}
