import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface ModelPlaces {
  /** The setting `models.dirs`, absolute; missing or unreadable folders are skipped. */
  directories: readonly string[];
  /** Levels of folders below each. */
  maxDepth?: number;
  /** Limit of entries to look at: a directory that is a whole disk must not delay a quickstart. */
  maxEntries?: number;
  /** Why a file cannot be loaded; `null`: no reason is known. */
  problemOf: (file: string) => Promise<string | null>;
  /** Called with the reason for each file that is skipped. */
  onSkipped?: (problem: string) => void;
}

/**
 * Names of files that are no chat models: projectors, adapters, drafts, embedding and ranking models, importance
 * matrices, and vocabularies for tests.
 */
const NOT_A_CHAT_MODEL =
  /(?:^|[^a-z])(?:mmproj|lora|adapter|draft|imatrix|embed[a-z]*|bge|gte|e5|minilm|rerank(?:er)?|clip|ggml-vocab)(?:[^a-z]|$)/i;
/** `name-00001-of-00003.gguf`: llama-server opens the first part, and the others by itself. */
const SHARD = /^(?<stem>.+)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$/i;

/**
 * Finds the chat model that changed last, because a user wants the latest download. `null`: there is no model. Skips
 * files that cannot be loaded, such as a download that broke off.
 */
export async function findModel({
  directories,
  maxDepth = 4,
  maxEntries = 20_000,
  problemOf,
  onSkipped = () => undefined,
}: ModelPlaces): Promise<string | null> {
  const candidates: { file: string; changed: number }[] = [];
  const queue = directories.map((directory) => ({ directory: path.resolve(directory), depth: 0 }));
  let seen = 0;
  for (let next = queue.shift(); next && seen < maxEntries; next = queue.shift()) {
    const { directory, depth } = next;
    // a missing or unreadable folder has no models
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    seen += entries.length;
    const names = new Set(entries.map((entry) => entry.name));
    for (const entry of entries.slice(0, maxEntries)) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory() && depth < maxDepth) queue.push({ directory: file, depth: depth + 1 });
      if (!isChatModelName(entry.name, names)) continue;
      const changed = await changeOfGguf(file);
      if (changed !== null) candidates.push({ file, changed });
    }
  }
  candidates.sort((a, b) => b.changed - a.changed || (a.file < b.file ? -1 : 1));
  for (const { file } of candidates) {
    const problem = await problemOf(file);
    if (problem === null) return file;
    onSkipped(problem);
  }
  return null;
}

function isChatModelName(name: string, names: ReadonlySet<string>): boolean {
  if (!/\.gguf$/i.test(name) || NOT_A_CHAT_MODEL.test(name)) return false;
  const shard = SHARD.exec(name)?.groups;
  if (!shard) return true;
  const count = Number(shard['count']);
  if (Number(shard['number']) !== 1) return false;
  const part = (number: number): string => name.replace(/-00001-of-/i, `-${String(number).padStart(5, '0')}-of-`);
  return Array.from({ length: count }, (_, index) => part(index + 1)).every((other) => names.has(other));
}

/**
 * The modification time of a GGUF file; `null`: the file is no GGUF file, or cannot be read. Follows links, because
 * caches use links.
 */
async function changeOfGguf(file: string): Promise<number | null> {
  try {
    const found = await stat(file);
    // before opening it, as opening a FIFO would block
    if (!found.isFile()) return null;
    await using handle = await open(file, 'r');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === 'GGUF' ? found.mtimeMs : null;
  } catch {
    // deleted meanwhile, a dangling link, or unreadable
    return null;
  }
}
