import { hasCode } from '@llamactl/contract/reason';
import { readdir } from 'node:fs/promises';
import { type ContextFolder, type SavedSlot, sum } from './context-files.ts';
import type { Slot } from './llama-cpp-slots.ts';

/** Shorter conversations are not saved, because an engine computes them again in a moment. */
const LEAST_TOKENS = 256;
/** A save leaves at least this much of the disk free. */
const LEAST_FREE_BYTES = 1_073_741_824;
/** Bytes of a token, before a context of the instance was measured: those of a model with 8 billion parameters. */
const ASSUMED_TOKEN_BYTES = 131_072;

/** The slots to save, longest conversations first, because the time may not suffice for all. */
export function worthSaving(slots: readonly Slot[]): Slot[] {
  return slots.filter(({ tokens }) => tokens >= LEAST_TOKENS).toSorted((a, b) => b.tokens - a.tokens);
}

/** Whether the disk has room for these slots. @param saved Earlier slots of the instance, which show the size of a token */
export function hasRoomFor(slots: readonly Slot[], saved: readonly SavedSlot[], freeBytes: number): boolean {
  const tokens = sum(saved.map((slot) => slot.tokens));
  const each = tokens === 0 ? ASSUMED_TOKEN_BYTES : sum(saved.map(({ bytes }) => bytes)) / tokens;
  return freeBytes - each * sum(slots.map((slot) => slot.tokens)) >= LEAST_FREE_BYTES;
}

/**
 * The oldest saved slots of all instances, which exceed the limit.
 *
 * @param root The folder that holds the folders of all instances.
 */
export async function oldestBeyond(
  maxTotalBytes: number,
  root: string,
  folderOf: (instance: string) => ContextFolder,
): Promise<{ instance: string; slot: SavedSlot }[]> {
  const all: { instance: string; slot: SavedSlot }[] = [];
  for (const instance of await instancesIn(root)) {
    for (const slot of await folderOf(instance).slots()) all.push({ instance, slot });
  }
  let total = sum(all.map(({ slot }) => slot.bytes));
  return all
    .toSorted((a, b) => a.slot.savedAt - b.slot.savedAt)
    .filter(({ slot }) => {
      const isBeyond = total > maxTotalBytes;
      if (isBeyond) total -= slot.bytes;
      return isBeyond;
    });
}

/** Ids of all instances with files. */
export async function instancesIn(root: string): Promise<string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return [];
    throw error;
  }
}
