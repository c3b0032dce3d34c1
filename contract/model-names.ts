import type { Model } from './model.ts';
import { nameInOllama } from './ollama-options.ts';

/** The fields by which people name a model. */
type Named = Pick<Model, 'id' | 'ref' | 'name' | 'path'>;

/** The names of a model that say nothing about the folders of its machine. One of Ollama has further ones, as Ollama takes them. */
export function publicNames({ ref, name }: Pick<Named, 'ref' | 'name'>): string[] {
  return [name, ...(ref === null ? [] : [ref, ...shorterRefs(ref), ...namesInOllama(ref)])];
}

/** The words for a model: its {@link publicNames}, file, path and id. */
export function modelNames(model: Named): string[] {
  const { id, path } = model;
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return [...publicNames(model), file, path, id];
}

/** A tag that is the default may be left out, and so may the hash of an address. */
function shorterRefs(ref: string): string[] {
  if (ref.startsWith('docker:')) return [ref.replace(/:latest$/, '')];
  return ref.startsWith('https://') ? [ref.replace(/#.*$/, '')] : [];
}

/** The names that Ollama takes for `ollama:qwen3:latest`: `qwen3`, also with its tag, its namespace and its registry. */
function namesInOllama(ref: string): string[] {
  const [, name] = /^ollama:(.+)$/.exec(ref) ?? [];
  if (name === undefined) return [];
  const spaced = name.includes('/') ? [] : [`library/${name}`];
  const placed = /^[\w-]+\.[\w.-]+\//.test(name) ? [] : [name, ...spaced].filter((each) => each.includes('/'));
  const tagged = [name, `ollama:${name}`, ...spaced, ...placed.map((each) => `registry.ollama.ai/${each}`)];
  return [...tagged, ...tagged.map((each) => each.replace(/:latest$/, ''))];
}

/** The models that have this word as one of their {@link modelNames}, in any case. `hf.co/` before a reference counts for nothing. */
export function modelsCalled<Found extends Named>(word: string, models: readonly Found[]): Found[] {
  const wanted = new Set(spellings(word));
  return models.filter((model) => modelNames(model).some((name) => wanted.has(name.toLowerCase())));
}

/** The tag that Ollama adds to a name without one. */
const LATEST = ':latest';

/**
 * `NAME` for `NAME:latest`; `null`: the word has no such tag. Programs of Ollama add the tag to names of instances too, so
 * it counts only if nothing has the whole word as its name.
 */
export function untagged(word: string): string | null {
  return word.endsWith(LATEST) && word !== LATEST ? word.slice(0, -LATEST.length) : null;
}

/** Whether one of these names means, in any case, the model that has this name or reference in Ollama. */
export function hasNameInOllama(model: string, names: readonly string[]): boolean {
  const bare = (name: string): string => untagged(name.toLowerCase()) ?? name.toLowerCase();
  return names.some((name) => bare(name) === bare(nameInOllama(model.toLowerCase())));
}

/** A word as it is compared with names in lower case: as typed, and as a reference of the hub. */
export function spellings(word: string): string[] {
  const typed = word.toLowerCase();
  return [typed, typed.replace(/^(?:https?:\/\/)?(?:hf\.co|huggingface\.co)\//, '')];
}
