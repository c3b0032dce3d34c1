import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import type { ModelDetails } from '@llamactl/contract/model';
import { jsonOf } from './small-files.ts';
import { GgufFault } from './gguf-header.ts';
import { readGgufFile } from './gguf-headers.ts';
import { CHAT_TEMPLATE, WANTED } from './model-facts.ts';
import type { LibraryModel } from './model-groups.ts';
import { NO_LAYERS, readLayers } from './ollama-layers.ts';

type HeaderFacts = Pick<ModelDetails, 'metadata' | 'chat_template'>;
/** The part of a model that a list leaves out. */
type Details = HeaderFacts & Awaited<ReturnType<typeof readLayers>>;

const NOTHING: HeaderFacts = { metadata: {}, chat_template: null };

/** Reads what a list leaves out from the files of a model. Empty if they cannot be read; the problems of the model say why. */
export async function readDetails(model: Pick<LibraryModel, 'format' | 'path' | 'layers'>): Promise<Details> {
  const layers = model.layers ?? NO_LAYERS;
  return { ...(await headerFacts(model)), ...(await readLayers(layers)) };
}

async function headerFacts({ format, path: file }: Pick<LibraryModel, 'format' | 'path'>): Promise<HeaderFacts> {
  if (format !== 'gguf') {
    const { chat_template: template } = await jsonOf(path.join(file, 'tokenizer_config.json'));
    return { metadata: {}, chat_template: typeof template === 'string' ? template : null };
  }
  try {
    const { metadata } = await readGgufFile(file, WANTED);
    const template = metadata.get(CHAT_TEMPLATE);
    return {
      metadata: Object.fromEntries([...metadata].filter(([key, value]) => key !== CHAT_TEMPLATE && isJson(value))),
      chat_template: typeof template === 'string' ? template : null,
    };
  } catch (error) {
    if (error instanceof GgufFault || codeOf(error) !== null) return NOTHING;
    throw error;
  }
}

/** JSON has no infinity and no NaN. */
function isJson(value: string | number | boolean): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}
