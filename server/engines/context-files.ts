import type { KeptContext } from '@llamactl/contract/instance';
import { hasCode } from '@llamactl/contract/reason';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { writeWhole } from '../whole-file.ts';

/** A saved slot of an engine. Stored beside its file. */
const SavedSlotSchema = z.object({
  slot: z.int().min(0),
  file: z.string().regex(/^\d+-\d+\.bin$/),
  /** See `Contexts.prepare`. */
  key: z.string(),
  /** The build that the engine reported; `null`: none. */
  build: z.string().nullable(),
  tokens: z.int().min(0),
  bytes: z.int().min(0),
  sha256: z.string(),
  /** Milliseconds since the epoch. */
  savedAt: z.number(),
});
export type SavedSlot = z.infer<typeof SavedSlotSchema>;

/** The last measured use of a restored context. */
const ReuseSchema = z.object({
  key: z.string(),
  build: z.string().nullable(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  restored: z.int().min(0),
  reused: z.int().min(0),
  /** Restores in a row, with this key and build, of which the engine reused nothing. */
  ignored: z.int().min(0),
});
export type Reuse = z.infer<typeof ReuseSchema>;

const REUSE = 'reuse.json';
const RECORD = /^slot-\d+\.json$/;

/**
 * The folder with the saved context of one instance. Every file holds parts of conversations, so only our user can read
 * them: mode 0700 and 0600. A record is written after its file, and names it; a file without a record is a remainder.
 */
export class ContextFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async create(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await chmod(this.folder, 0o700);
  }

  /** All saved slots, oldest first. Records that cannot be read are left out. */
  async slots(): Promise<SavedSlot[]> {
    const records = await Promise.all(
      (await this.#names()).filter((name) => RECORD.test(name)).map((name) => this.#read(name, SavedSlotSchema)),
    );
    return records.filter((record) => record !== null).toSorted((a, b) => a.savedAt - b.savedAt);
  }

  /** The size of a file that the engine wrote, after making it private; `null`: it is missing. */
  async closeOff(file: string): Promise<number | null> {
    try {
      await chmod(path.join(this.folder, file), 0o600);
      return (await stat(path.join(this.folder, file))).size;
    } catch (error) {
      if (hasCode(error, ['ENOENT'])) return null;
      throw error;
    }
  }

  /** The checksum of a file. Reads it in small pieces, because a context may have gigabytes. */
  async sha256(file: string): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(this.folder, file), { highWaterMark: 262_144 }), hash);
    return hash.digest('hex');
  }

  /** Why a saved slot cannot be restored; `null`: its file is the one that was saved. */
  async fault({ file, bytes, sha256 }: SavedSlot): Promise<string | null> {
    try {
      const { size } = await stat(path.join(this.folder, file));
      if (size !== bytes) return `its file has ${size} bytes, not ${bytes}`;
      return (await this.sha256(file)) === sha256 ? null : 'its checksum is wrong';
    } catch (error) {
      if (hasCode(error, ['ENOENT'])) return 'its file is missing';
      throw error;
    }
  }

  /** Records a saved slot, in place of an earlier one. */
  record(saved: SavedSlot): Promise<void> {
    return this.#write(`slot-${saved.slot}.json`, saved);
  }

  /** Removes a saved slot, the record first. */
  async remove({ slot, file }: Pick<SavedSlot, 'slot' | 'file'>): Promise<void> {
    await rm(path.join(this.folder, `slot-${slot}.json`), { force: true });
    await rm(path.join(this.folder, file), { force: true });
  }

  /** Removes all files that no record names, such as those of an interrupted save. */
  async tidy(): Promise<void> {
    const named = new Set((await this.slots()).flatMap(({ slot, file }) => [`slot-${slot}.json`, file]));
    const remainders = (await this.#names()).filter((name) => name !== REUSE && !named.has(name));
    await Promise.all(remainders.map((name) => rm(path.join(this.folder, name), { force: true, recursive: true })));
  }

  /** Removes everything. The folder stays, because an engine that is starting requires it. */
  async empty(): Promise<void> {
    const names = await this.#names();
    await Promise.all(names.map((name) => rm(path.join(this.folder, name), { force: true, recursive: true })));
  }

  reuse(): Promise<Reuse | null> {
    return this.#read(REUSE, ReuseSchema);
  }

  recordReuse(reuse: Reuse): Promise<void> {
    return this.#write(REUSE, reuse);
  }

  /** The facts for people; `null`: nothing is saved. */
  async facts(): Promise<KeptContext | null> {
    const slots = await this.slots();
    const reuse = await this.reuse();
    const newest = slots.at(-1);
    if (newest === undefined) return null;
    return {
      tokens: sum(slots.map(({ tokens }) => tokens)),
      bytes: sum(slots.map(({ bytes }) => bytes)),
      saved_at: timestamp(newest.savedAt),
      reuse: reuse === null ? null : { at: timestamp(reuse.at), restored: reuse.restored, reused: reuse.reused },
    };
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return [];
      throw error;
    }
  }

  async #read<Value>(name: string, schema: z.ZodType<Value>): Promise<Value | null> {
    try {
      return schema.safeParse(JSON.parse(await readFile(path.join(this.folder, name), 'utf8'))).data ?? null;
    } catch (error) {
      if (error instanceof SyntaxError || hasCode(error, ['ENOENT', 'ENOTDIR'])) return null;
      throw error;
    }
  }

  async #write(name: string, value: object): Promise<void> {
    await writeWhole(path.join(this.folder, name), JSON.stringify(value));
  }
}

function timestamp(at: number): string {
  return new Date(at).toISOString();
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
