import { untagged } from '@llamactl/contract/model-names';
import { nameInOllama } from '@llamactl/contract/ollama-options';
import type { CreateInstance, InstanceSummary, Model } from '@llamactl/client';
import { instanceName } from './instance-name.ts';
import type { RemoteModel } from './remote-model.ts';

/** The parts of an instance for a model. */
export interface NewInstance {
  /** Text for its name. */
  title: string;
  settings: Omit<CreateInstance, 'name'>;
}

/**
 * The settings of an instance for a model. The name on a hub becomes an alias, because programs know the model by it.
 */
export function newInstanceOf({ id, ref, name }: Model, word: string): NewInstance {
  if (ref === null) return { title: name, settings: { model: word } };
  if (ref.startsWith('https://')) return { title: name, settings: { model: settingOf({ id, ref }) } };
  const inOllama = nameInOllama(ref);
  const bare = untagged(inOllama) ?? inOllama;
  // The same name may exist without a namespace, and is then another model.
  const isSpaced = ref.startsWith('ollama:') && /^[\w-]+\/[^/]+$/.test(bare);
  const title = isSpaced ? bare.replace('/', '-') : name.replace(/:latest$/, '');
  return { title, settings: { model: ref, aliases: [...new Set([inOllama, bare])] } };
}

/** Most characters of the setting `model`. */
const LONGEST_MODEL = 512;

/** The reference as a setting of an instance, or the id, which is never too long. */
function settingOf({ id, ref }: { id: string; ref: string }): string {
  return ref.length > LONGEST_MODEL ? id : ref;
}

/** The same for a model that was downloaded. */
export function newInstanceOfRemote({ model, reference }: RemoteModel): NewInstance {
  const inOllama = nameInOllama(reference);
  const aliases = /^https?:/.test(reference) ? [] : [...new Set([reference, inOllama, untagged(inOllama) ?? inOllama])];
  const { id, ref, path: file } = model;
  const settings = ref === null ? { model_path: file } : { model: settingOf({ id, ref }) };
  return { title: model.name, settings: { ...settings, aliases } };
}

/** The body that creates an instance. Its name is free, and it gets the aliases that are free. @param taken Names and aliases of instances. */
export function bodyOf({ title, settings }: NewInstance, taken: readonly string[]): CreateInstance {
  const name = instanceName(title, taken);
  const aliases = settings.aliases?.filter((alias) => alias !== name && !taken.includes(alias));
  return { name, ...settings, ...(aliases !== undefined && { aliases }) };
}

/** All names and aliases of instances. */
export function takenNames(instances: readonly Pick<InstanceSummary, 'name' | 'aliases'>[]): string[] {
  return instances.flatMap(({ name, aliases }) => [name, ...aliases]);
}
