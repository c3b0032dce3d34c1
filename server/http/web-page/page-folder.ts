import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { codeOf } from '@llamactl/contract/reason';
import { mediaTypeOf, type PageFile, type PageFiles } from './page-file.ts';

const gzipped = promisify(gzip);

/** A path inside the folder, without hidden files. */
const NAME = /^(?:[\w~-][\w.~-]*\/)*[\w~-][\w.~-]*$/;

/** The web page of a checkout: a folder that each build replaces, also while the server runs. */
export class PageFolder implements PageFiles {
  readonly #folder: string;
  /** The last version of each file, by name. */
  readonly #known = new Map<string, PageFile & { version: string }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<PageFile | null> {
    if (!NAME.test(name) || mediaTypeOf(name) === null) return null;
    try {
      return await this.#current(name);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw error;
      this.#known.delete(name);
      return null;
    }
  }

  async #current(name: string): Promise<PageFile> {
    const file = path.join(this.#folder, name);
    const { mtimeMs, size, ino } = await stat(file);
    const version = `${mtimeMs} ${size} ${ino}`;
    const known = this.#known.get(name);
    if (known?.version === version) return known;
    const bytes = await readFile(file);
    const read = { version, tag: tagOf(bytes), gzipped: await gzipped(bytes) };
    this.#known.set(name, read);
    return read;
  }
}

/** The tag of a file with these bytes. */
export function tagOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}
