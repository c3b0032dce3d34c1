import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Replaces a private file, so that its name always has the old or the new content. Nothing is synced: for files that may be
 * lost in a power failure. Callers that write the same file take turns, because all use the same draft.
 *
 * @param content A list is written piece by piece.
 */
export async function writeWhole(file: string, content: string | Buffer | Iterable<string>): Promise<void> {
  const draft = `${file}.new`;
  try {
    await writeFile(draft, content, { mode: 0o600 });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
