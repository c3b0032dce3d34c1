import type { Client } from '@llamactl/client';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** Levels of folders to search below each. */
const DEEPEST = 4;
/** Limit for folders that are a whole disk. */
const MOST_ENTRIES = 20_000;

/** A model file and its short name. */
export interface NamedModel {
  name: string;
  /** Absolute. */
  file: string;
}

/**
 * The models in `models.dirs` of a server on this machine, in their order, then those that quickstart downloaded. Empty
 * if the server does not let us read its configuration.
 */
export async function namedModels(
  client: Pick<Client, 'getConfig'>,
  { home, signal }: { home: string; signal: AbortSignal },
): Promise<NamedModel[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { config } = await client.getConfig({ signal });
    const folders = [...config.models.dirs, path.join(config.data_dir, 'models')];
    return await modelsIn(folders.map((folder) => path.resolve(home, folder.replace(/^~(?=\/|$)/, home))));
  } catch (error) {
    if (error instanceof LlamactlError) return [];
    throw error;
  }
}

/**
 * The file of a model by its name, with or without `.gguf`; `null`: none has this name.
 *
 * @throws {Problem} when several models have it
 */
export function modelCalled(model: string, models: readonly NamedModel[]): string | null {
  const name = model.replace(/\.gguf$/i, '').toLowerCase();
  const fits = models.filter((each) => each.name.toLowerCase() === name);
  if (fits.length > 1) {
    const files = fits.map(({ file }) => file);
    throw new Problem(`there are ${fits.length} models called ${model}; give a path`, EXIT.usage, files);
  }
  return fits[0]?.file ?? null;
}

async function modelsIn(folders: readonly string[]): Promise<NamedModel[]> {
  const found: NamedModel[] = [];
  const queue = folders.map((folder) => ({ folder, depth: 0 }));
  let seen = 0;
  for (let next = queue.shift(); next !== undefined && seen < MOST_ENTRIES; next = queue.shift()) {
    const { folder, depth } = next;
    // A missing or unreadable folder has no models.
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

/** `null`: not a model, or not the first part of a split one. */
function nameOf(file: string): string | null {
  const [, stem = '', part] = /^(.+?)(?:-(\d{5})-of-\d{5})?\.gguf$/i.exec(file) ?? [];
  return stem === '' || (part !== undefined && part !== '00001') ? null : stem;
}
