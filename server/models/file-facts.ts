import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { errorWords } from '@llamactl/contract/reason';
import { type FoundFile, jsonOf } from './found-files.ts';
import { GgufFault } from './gguf-header.ts';
import { readGgufHeader } from './gguf-headers.ts';
import { CHAT_TEMPLATE, factsOf, type ModelFacts } from './model-facts.ts';

/** The facts of one file, or the reason why there are none. */
export interface FileFacts {
  format: 'gguf' | 'safetensors' | 'mlx';
  /** `null`: it cannot be read. */
  facts: ModelFacts | null;
  /** Why it cannot be loaded: the end of a sentence about it; `null`: no reason is known. */
  problem: string | null;
}

const WANTED: ReadonlySet<string> = new Set([CHAT_TEMPLATE]);
const MAGIC = Buffer.from('GGUF');

/** Reads the facts of a file that was found. Never rejects for what the file contains. */
export async function readFacts(file: FoundFile): Promise<FileFacts> {
  return file.kind === 'folder' ? folderFacts(file) : ggufFacts(file);
}

async function ggufFacts({ path: file, relative, repo }: FoundFile): Promise<FileFacts> {
  const format = 'gguf';
  const stem = stemOf(repo !== null && relative === 'model.gguf' ? repo : relative);
  try {
    // Never blocks, even if a pipe has replaced the file.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    if (!buffer.equals(MAGIC)) return { format, facts: null, problem: 'is not a GGUF file' };
    return { format, facts: factsOf(await readGgufHeader(handle, size, WANTED), stem), problem: null };
  } catch (error) {
    if (!(error instanceof GgufFault)) return { format, facts: null, problem: `cannot be read: ${errorWords(error)}` };
    const { header, message: problem } = error;
    return { format, facts: header === null ? null : factsOf(header, stem), problem };
  }
}

/** A folder in the form of Hugging Face's transformers: its `config.json` describes it. */
async function folderFacts({ path: folder }: FoundFile): Promise<FileFacts> {
  const config = await jsonOf(path.join(folder, 'config.json'));
  const tokenizer = await jsonOf(path.join(folder, 'tokenizer_config.json'));
  const { model_type: type, max_position_embeddings: context, quantization, quantization_config: other } = config;
  const { bits } = (quantization ?? other ?? {}) as { bits?: unknown };
  const facts: ModelFacts = {
    kind: 'model',
    architecture: typeof type === 'string' ? type : null,
    parameters: null,
    quantization: typeof bits === 'number' ? `${bits}bit` : null,
    context: typeof context === 'number' && Number.isSafeInteger(context) ? context : null,
    capabilities: typeof tokenizer['chat_template'] === 'string' ? ['chat'] : [],
    parts: 1,
  };
  return { format: quantization === undefined ? 'safetensors' : 'mlx', facts, problem: null };
}

/** `name-00001-of-00003`: a part of a model. */
export const PART = /^(.+)-(\d{5})-of-(\d{5})$/;

/** The name of a file without folder, ending and the number of a part. */
export function stemOf(file: string): string {
  const bare = path.basename(file).replace(/\.gguf$/i, '');
  return PART.exec(bare)?.[1] ?? bare;
}
