import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** `server.json`: who holds the lock, for people and for the command line. It proves nothing; the lock does. */
const HolderSchema = z.object({
  pid: z.int(),
  url: z.string().nullable(),
  version: z.string(),
  started_at: z.string(),
  /** The newest change of the process; `null`: there was none. Left out by versions that cannot be changed so. */
  reload: z
    .object({
      /** Grows with each attempt. */
      number: z.int(),
      /** What a newer version calls otherwise is not over, for all that this one knows. */
      state: z.enum(['under_way', 'done', 'failed']).catch('under_way'),
      /** Why it failed. */
      reason: z.string().nullable(),
      /** The process that served before the attempt, and its version. */
      from: z.object({ pid: z.int(), version: z.string() }),
    })
    .nullish(),
});
export type Holder = z.infer<typeof HolderSchema>;
export type ReloadNote = NonNullable<Holder['reload']>;

const HOLDER_FILE = 'server.json';

/**
 * Whole or not at all: a reader never sees half of it. Where it cannot be written, what was there stays if it is of this
 * server; else it is removed: it may be of one that was killed.
 *
 * @returns why it was not written; `null`: it was
 */
export function writeHolder(directory: string, holder: Holder): Error | null {
  const file = join(directory, HOLDER_FILE);
  const next = `${file}.new`;
  try {
    writeFileSync(next, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600 });
    renameSync(next, file);
    return null;
  } catch (error) {
    removeIfPossible(next);
    if (!describes(readHolder(directory), holder)) removeIfPossible(file);
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whether what is there is of this server. A pid alone says little: in a container the next one has that of the one before. */
export function describes(there: Holder | null, holder: Holder): boolean {
  return there?.pid === holder.pid && there.started_at === holder.started_at;
}

/** Never throws. */
export function removeHolder(directory: string): void {
  removeIfPossible(join(directory, HOLDER_FILE));
}

/** Whoever finds it all the same is told wrong who has the lock, not whether somebody has it. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The disk is broken, which whoever writes to it says.
  }
}

/** `null` when the first server has not written it yet, or somebody spoilt it: it is only for naming. */
export function readHolder(directory: string): Holder | null {
  try {
    return HolderSchema.parse(JSON.parse(readFileSync(join(directory, HOLDER_FILE), 'utf8')));
  } catch {
    return null;
  }
}
