import type { FileFacts } from './facts-schema.ts';
import { type ReadableFile, readFacts } from './file-facts.ts';

/** Reads the facts of files that a scan has found. */
export interface FactsReader {
  /** Resolves with the facts, in the order of the files. One call at a time. */
  read(files: readonly ReadableFile[]): Promise<FileFacts[]>;
  /** Frees what reading needs. A call that runs is rejected. */
  rest(): void;
}

/** Reads them in the thread of the caller, one after the other. */
export async function readEach(files: readonly ReadableFile[]): Promise<FileFacts[]> {
  const facts: FileFacts[] = [];
  for (const file of files) facts.push(await readFacts(file));
  return facts;
}

/** Reads in the thread of the caller. */
export const OWN_READER: FactsReader = { read: readEach, rest: () => undefined };
