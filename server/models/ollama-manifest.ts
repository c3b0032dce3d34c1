import type { Stats } from 'node:fs';
import path from 'node:path';
import { isRecord } from '@llamactl/contract/record';
import { bytes } from '../../format/figures.ts';
import { statOf, textOf } from './small-files.ts';

/** A layer of a model of Ollama. */
export interface OllamaLayer {
  mediaType: unknown;
  /** The file of its content, absolute. */
  blob: string;
  /** Bytes; `null`: the manifest does not say. */
  size: number | null;
  /** The status of that file; `null`: it is not there. */
  found: Stats | null;
}

/** The manifest of a model of Ollama. */
export interface OllamaManifest {
  /** As Ollama names the model: `qwen3:8b`, `hf.co/org/repo:Q4_K_M`. */
  name: string;
  layers: OllamaLayer[];
  /** Why the model cannot be loaded, as the end of a sentence about it; `null`: no reason is known. */
  damage: string | null;
}

export const OLLAMA_LAYERS = {
  model: 'application/vnd.ollama.image.model',
  projector: 'application/vnd.ollama.image.projector',
  adapter: 'application/vnd.ollama.image.adapter',
  system: 'application/vnd.ollama.image.system',
  params: 'application/vnd.ollama.image.params',
  messages: 'application/vnd.ollama.image.messages',
  license: 'application/vnd.ollama.image.license',
} as const;

/** Ollama leaves it out of names, as in `qwen3:8b`; others are part of them, as in `hf.co/org/repo:Q4_K_M`. */
const REGISTRY = 'registry.ollama.ai';
/** A part of a name that Ollama allows. */
const PART = /^\w[\w.-]{0,254}$/;
const HOST = /^\w[\w.:-]{0,349}$/;
/** Layers without which a model cannot be loaded, or does less than its name says. */
const NEEDED: readonly (readonly [type: string, what: string])[] = [
  [OLLAMA_LAYERS.model, 'file'],
  [OLLAMA_LAYERS.projector, 'projector'],
  [OLLAMA_LAYERS.adapter, 'adapter'],
];

/**
 * Reads a manifest. `null`: the file is none, because it is hidden, gone or not where Ollama has manifests. Also `null` for
 * a cloud model, which has no file.
 *
 * @param folder Of Ollama's models, with `manifests` and `blobs`.
 */
export async function readManifest(file: string, folder: string): Promise<OllamaManifest | null> {
  const parts = path.relative(path.join(folder, 'manifests'), file).split(path.sep);
  const [registry = '', namespace = '', model = '', tag = ''] = parts;
  if (parts.length !== 4 || parts.some((part) => part.startsWith('.'))) return null;
  const text = await textOf(file);
  if (text === null) return null;
  const host = registry === REGISTRY ? '' : `${registry}/`;
  const name = `${host}${namespace === 'library' ? '' : `${namespace}/`}${model}:${tag}`;
  const isName = HOST.test(registry) && [namespace, model, tag].every((part) => PART.test(part));
  const layers = await layersIn(text, path.join(folder, 'blobs'));
  // A cloud model has no file, and is not damaged.
  if (layers !== null && tag.endsWith('cloud') && !hasModel(layers)) return null;
  const damage = isName ? damageOf(layers, name) : 'has a name that Ollama does not allow';
  return { name, layers: layers ?? [], damage };
}

/** The layers with a valid digest; `null`: the text is no manifest. */
async function layersIn(text: string, blobs: string): Promise<OllamaLayer[] | null> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isRecord(manifest) || !Array.isArray(manifest['layers'])) return null;
  const layers = manifest['layers'].map(async (layer: unknown): Promise<OllamaLayer[]> => {
    if (!isRecord(layer)) return [];
    const { mediaType, digest, size } = layer;
    const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(String(digest)) ?? [];
    if (hex === undefined) return [];
    const blob = path.join(blobs, `sha256-${hex}`);
    const found = await statOf(blob);
    return [
      { mediaType, blob, size: typeof size === 'number' ? size : null, found: found?.isFile() === true ? found : null },
    ];
  });
  return (await Promise.all(layers)).flat();
}

function hasModel(layers: readonly OllamaLayer[]): boolean {
  return layers.some(({ mediaType }) => mediaType === OLLAMA_LAYERS.model);
}

function damageOf(layers: readonly OllamaLayer[] | null, name: string): string | null {
  const remedy = `ollama pull ${name} downloads it again`;
  if (layers === null) return `has a damaged manifest; ${remedy}`;
  if (!hasModel(layers)) return "has no GGUF file: its manifest is damaged, or only Ollama's own engine can load it";
  for (const [type, what] of NEEDED) {
    for (const { mediaType, size, found } of layers) {
      if (mediaType !== type) continue;
      if (found === null) return `lacks its ${what}; ${remedy}`;
      if (size !== null && found.size < size)
        return `is cut off: its ${what} has ${bytes(found.size)} of ${bytes(size)}; ${remedy}`;
    }
  }
  return null;
}
