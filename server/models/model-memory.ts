import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { MemoryCompanion } from '../instances/ports/memory-options.ts';
import { partName, partOf } from './file-facts.ts';
import { GgufFault } from './gguf-header.ts';
import { readGgufFile } from './gguf-headers.ts';
import type { CompanionMemory, ModelMemory } from './memory-estimate.ts';
import { type MemoryFacts, memoryFacts, MemoryTensors } from './memory-facts.ts';

/** Most models whose facts are kept. */
const MOST_MODELS = 64;
/** Most parts of a model that are read. */
const MOST_PARTS = 1_000;
const NO_TEXTS: ReadonlySet<string> = new Set();

/** The facts of a file and its other parts, and the bytes of all their weights. */
interface FileMemory {
  facts: MemoryFacts;
  bytes: number;
}

/** Reads the facts that decide about memory from model files. Keeps them until a file changes. */
export class ModelMemories {
  /** By the first file, its size and its last change, least recently used first. */
  readonly #known = new Map<string, FileMemory>();

  /**
   * The facts of a model, from its first or only file, and of its companions.
   *
   * @throws {GgufFault} why a file cannot be loaded; or the error of the system
   */
  async of(file: string, companions: readonly MemoryCompanion[]): Promise<ModelMemory> {
    const { facts } = await this.#read(file);
    const others: CompanionMemory[] = [];
    for (const { kind, path: companion, onGpu } of companions) {
      const found = await this.#read(companion);
      others.push({ kind, onGpu, bytes: found.bytes, facts: kind === 'draft' ? found.facts : null });
    }
    return { facts, companions: others };
  }

  async #read(file: string): Promise<FileMemory> {
    const { ino, size, mtimeMs } = await stat(file);
    const key = [ino, size, mtimeMs, file].join(' ');
    const found = this.#known.get(key) ?? (await readParts(file));
    this.#known.delete(key);
    this.#known.set(key, found);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_MODELS && oldest !== undefined) this.#known.delete(oldest);
    return found;
  }
}

async function readParts(file: string): Promise<FileMemory> {
  const tensors = new MemoryTensors();
  let bytes = 0;
  const header = await readGgufFile(file, NO_TEXTS, (tensor) => {
    tensors.add(tensor);
    bytes += tensor.bytes;
  });
  const { stem, total } = partOf(path.basename(file));
  if (total !== null && total > MOST_PARTS) throw new GgufFault(`is one of ${total} parts, which are too many`);
  for (let part = 2; part <= (total ?? 1); part += 1) {
    await readGgufFile(path.join(path.dirname(file), partName(stem, part, total ?? 1)), NO_TEXTS, (tensor) => {
      tensors.add(tensor);
      bytes += tensor.bytes;
    });
  }
  return { facts: memoryFacts(header, tensors), bytes };
}
