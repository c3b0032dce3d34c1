import path from 'node:path';
import { errorWords } from '@llamactl/contract/reason';
import type { FileFacts, ModelFacts } from './facts-schema.ts';
import type { FoundFile } from './found-files.ts';
import { jsonOf } from './small-files.ts';
import { GgufFault } from './gguf-header.ts';
import { readGgufFile } from './gguf-headers.ts';
import { factsOf, WANTED } from './model-facts.ts';

/** The part of a found file that its facts depend on. Can be sent to another thread. */
export type ReadableFile = Pick<FoundFile, 'path' | 'kind' | 'relative' | 'repo'>;

/** Reads the facts of a file that was found. Never rejects for what the file contains. */
export async function readFacts(file: ReadableFile): Promise<FileFacts> {
  return file.kind === 'folder' ? folderFacts(file) : ggufFacts(file);
}

async function ggufFacts({ path: file, relative, repo }: ReadableFile): Promise<FileFacts> {
  const format = 'gguf';
  const stem = stemOf(repo !== null && relative === 'model.gguf' ? repo : relative);
  try {
    return { format, facts: factsOf(await readGgufFile(file, WANTED), stem), problem: null };
  } catch (error) {
    if (!(error instanceof GgufFault)) return { format, facts: null, problem: `cannot be read: ${errorWords(error)}` };
    const { header, message: problem } = error;
    return { format, facts: header === null ? null : factsOf(header, stem), problem };
  }
}

/** A folder in the form of Hugging Face's transformers: its `config.json` describes it. */
async function folderFacts({ path: folder }: ReadableFile): Promise<FileFacts> {
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
const PART = /^(.+)-\d{5}-of-(\d{5})$/;

/**
 * A file without its ending and the number of a part, and how many parts the model has by this name; `null`: it is no
 * part.
 */
export function partOf(file: string): { stem: string; total: number | null } {
  const bare = file.replace(/\.gguf$/i, '');
  const [, stem = bare, total] = PART.exec(bare) ?? [];
  return { stem, total: total === undefined ? null : Number(total) };
}

/** The name of a part of a model. @param part From 1. */
export function partName(stem: string, part: number, total: number): string {
  const digits = (number: number): string => String(number).padStart(5, '0');
  return `${stem}-${digits(part)}-of-${digits(total)}.gguf`;
}

/** The name of a file without folder, ending and the number of a part. */
export function stemOf(file: string): string {
  return partOf(path.basename(file)).stem;
}
