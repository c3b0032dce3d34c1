import type { Client } from '@llamactl/client';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Levels of folders below each of them. */
const DEEPEST = 4;
/** A folder that is a whole disk is not looked through to its end. */
const MOST_ENTRIES = 20_000;

/** A model, as people call it. */
export interface NamedModel {
  name: string;
  /** Absolute. */
  file: string;
}

/**
 * The models in the folders that a server of this machine has in `models.dirs`, in their order; none where we may not know
 * its configuration.
 */
export async function namedModels(
  client: Pick<Client, 'getConfig'>,
  { home, signal }: { home: string; signal: AbortSignal },
): Promise<NamedModel[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { config } = await client.getConfig({ signal });
    return await modelsIn(config.models.dirs.map((folder) => path.resolve(home, folder.replace(/^~(?=\/|$)/, home))));
  } catch (error) {
    if (error instanceof LlamactlError) return [];
    throw error;
  }
}

async function modelsIn(folders: readonly string[]): Promise<NamedModel[]> {
  const found: NamedModel[] = [];
  const queue = folders.map((folder) => ({ folder, depth: 0 }));
  let seen = 0;
  for (let next = queue.shift(); next !== undefined && seen < MOST_ENTRIES; next = queue.shift()) {
    const { folder, depth } = next;
    // One that is not there, or not for us, holds no model of ours.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    seen += entries.length;
    for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < DEEPEST) queue.push({ folder: file, depth: depth + 1 });
      } else {
        const name = nameOf(entry.name);
        if (name !== null) found.push({ name, file });
      }
    }
  }
  return found;
}

/** `null`: no model, or a part of one that is not its first. */
function nameOf(file: string): string | null {
  const [, stem = '', part] = /^(.+?)(?:-(\d{5})-of-\d{5})?\.gguf$/i.exec(file) ?? [];
  return stem === '' || (part !== undefined && part !== '00001') ? null : stem;
}
