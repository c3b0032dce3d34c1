import type { Client, Instance, InstanceSummary, Model, Starter } from '@llamactl/client';
import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { isReference } from '../downloads/reference-word.ts';
import { bodyOf, type NewInstance, newInstanceOf, newInstanceOfRemote, takenNames } from './new-instance.ts';
import { type OllamaSettings, ollamaSettings } from './ollama-settings.ts';
import type { FetchOptions } from './remote-model.ts';
import { modelNames, untagged } from '@llamactl/contract/model-names';
import { instanceCalled } from '../instances/named-instances.ts';
import { DOWNLOAD, modelCalled, modelContaining, serverModels } from '../instances/server-models.ts';
import { type LaunchedCompanion, launchedCompanions } from '../instances/launched-companions.ts';

/** Where the command line was typed. */
export interface Place {
  /** Absolute. */
  folder: string;
  home: string;
  /** The server runs on this machine and sees the same files. */
  isLocal: boolean;
}

/** An instance to chat with. */
export interface ModelInstance {
  name: string;
  /** Its state now, if a request has asked for it. */
  instance?: Instance;
  /** A list shows that it runs, and that its file is still one of the library. */
  isReady?: boolean;
  /** The file that this command created the instance for; `null`: the instance existed. */
  file: string | null;
  /** This command created the instance for a model of Ollama, with these settings of that model. Left out: it did not. */
  ofOllama?: OllamaSettings;
  /** The companions of its model in the launch of a created instance. */
  companions?: LaunchedCompanion[];
}

/**
 * Finds the instance for `model`: by its name, by an alias, or by its model file. Creates one for a file without an
 * instance. `model` may also be the name or reference of a model in the server's library, or a starter or a model of another
 * machine, which is then downloaded.
 *
 * @throws {Problem} with a hint when nothing matches
 */
export async function modelInstance(
  session: Session,
  model: string,
  { place, fetching }: { place: Place; fetching: FetchOptions },
): Promise<ModelInstance> {
  const { client, signal } = session;
  const instance = await instanceNamed(session, model);
  if (instance !== null) return { name: instance.name, instance, file: null };
  const instances = await client.listInstances({ signal });
  const known = instanceCalled(model, instances);
  if (known !== null) {
    // Without its file in the library, there may be a newer version, which only the whole instance names.
    const isReady = known.status === 'running' && known.model_info !== null;
    return { name: known.name, isReady, file: null };
  }
  const file = modelFile(model, place);
  if (file !== null) {
    const present = ofFile(instances, file, place.isLocal);
    if (present !== null) return { name: present.name, file: null };
    const made = await make(client, { title: file, settings: { model_path: file } }, instances, signal);
    return { ...made, file };
  }
  const models = await serverModels(client, signal);
  const found = modelCalled(model, models);
  if (found !== null) {
    const present = ofModel(instances, found);
    if (present !== null) return { name: present.name, file: null };
    if (found.problems.length > 0) throw new Problem(plain(found.problems.join('; ')), EXIT.failed);
    const { title, settings } = newInstanceOf(found, model);
    const ofOllama = found.source === 'ollama' ? await ollamaSettings(client, found.id, signal) : undefined;
    const made = await make(client, { title, settings: { ...settings, ...ofOllama?.settings } }, instances, signal);
    return { ...made, file: found.path, ...(ofOllama === undefined ? {} : { ofOllama }) };
  }
  // Programs of Ollama add the tag. A model of that name comes first.
  const bare = untagged(model);
  const meant = bare === null ? null : instanceCalled(bare, instances);
  if (meant !== null) return { name: meant.name, file: null };
  if (isModelFile(model)) throw noSuchFile(path.resolve(place.folder, model));
  const { remoteModel, starterCalled, starters } = await import('./remote-model.ts');
  const all = isReference(model) ? [] : await starters(client, signal);
  const reference = isReference(model) ? model : starterCalled(model, all)?.reference;
  if (reference === undefined)
    throw await unknownModel(model, { instances, models, starters: all, isLocal: place.isLocal });
  const remote = await remoteModel(session, reference, fetching);
  const present = ofModel(instances, remote.model);
  if (present !== null) return { name: present.name, file: null };
  const made = await make(client, newInstanceOfRemote(remote), instances, signal);
  return { ...made, file: remote.model.path };
}

/** Only a word of these characters can be the name of an instance. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * The instance with exactly this name; `null`: none has it. One request, of which a minute allows a hundred, instead of a
 * list and a second request for all of its fields.
 */
async function instanceNamed({ client, signal }: Session, word: string): Promise<Instance | null> {
  if (!NAME.test(word) || isModelFile(word)) return null;
  try {
    return await client.getInstance(word, { signal });
  } catch (error) {
    const { LlamactlError } = await import('@llamactl/client');
    if (error instanceof LlamactlError && error.code === 'INSTANCE_NOT_FOUND') return null;
    throw error;
  }
}

/**
 * The path of a model file as the server sees it; `null`: `model` is no path, and no such file exists here.
 *
 * @throws {Problem} when `model` is a path, but the file does not exist
 */
export function modelFile(model: string, { folder, home, isLocal }: Place): string | null {
  if (ADDRESS.test(model)) return null;
  const isPath = /^(?:~|\.{1,2})?\//.test(model) || (isModelFile(model) && model.includes('/'));
  const looksLikeFile = isPath || isModelFile(model);
  if (!isLocal) return looksLikeFile ? model : null;
  const file = path.resolve(folder, model.replace(/^~(?=\/|$)/, home));
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    if (isPath) throw noSuchFile(file);
    return null;
  }
  if (found.isDirectory()) {
    const first = readdirSync(file).find((name) => /\.gguf$/i.test(name));
    if (!looksLikeFile && first === undefined) return null;
    const remedy = first === undefined ? [] : [`llamactl run ${path.join(file, first)}`];
    throw new Problem(`${file} is a folder; give a model file`, EXIT.usage, remedy);
  }
  return file;
}

export function isModelFile(model: string): boolean {
  return /\.gguf$/i.test(model) && !ADDRESS.test(model);
}

function noSuchFile(file: string): Problem {
  return new Problem(`no such file: ${file}`, EXIT.notFound);
}

/** Prefers a running instance of the file. On this machine, a link counts as its target. */
function ofFile(instances: readonly InstanceSummary[], file: string, isLocal: boolean): InstanceSummary | null {
  const isSame = ({ model_path: other }: InstanceSummary): boolean =>
    other !== undefined && (other === file || (isLocal && real(other) === real(file)));
  const all = instances.filter(isSame);
  return all.find(({ status }) => status === 'running') ?? all[0] ?? null;
}

/**
 * Finds the instance of a model: one whose name or alias is a name of the model, else one with its file. For models of
 * Ollama only names count. Several of them share a file, and some add only a system prompt to another.
 */
export function ofModel(instances: readonly InstanceSummary[], found: Model): InstanceSummary | null {
  const names = new Set(modelNames(found).map((name) => name.toLowerCase()));
  // `helper` may be the instance of `alice/helper`: the name alone proves nothing.
  const isOfAnother = ({ model, model_path: file }: InstanceSummary): boolean =>
    model === undefined ? file !== found.path : !names.has(model.toLowerCase());
  const named = instances.filter(
    (each) => [each.name, ...each.aliases].some((word) => names.has(word.toLowerCase())) && !isOfAnother(each),
  );
  const ofItsFile = found.source === 'ollama' ? [] : instances.filter(({ model_path: file }) => file === found.path);
  const all = [...named, ...ofItsFile];
  return all.find(({ status }) => status === 'running') ?? all[0] ?? null;
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // Missing or unreadable: compare the path itself.
    return file;
  }
}

async function make(
  client: Client,
  { title, settings }: NewInstance,
  instances: readonly InstanceSummary[],
  signal: AbortSignal,
): Promise<Required<Pick<ModelInstance, 'name' | 'companions'>>> {
  const body = bodyOf({ title, settings }, takenNames(instances));
  const { instance } = await client.createInstance(body, { signal });
  return { name: instance.name, companions: launchedCompanions(instance, settings) };
}

interface Known {
  instances: readonly InstanceSummary[];
  /** The server's library. */
  models: readonly Model[];
  starters: readonly Starter[];
  isLocal: boolean;
}

/** An address, also one of the hub without its scheme, which may end like a file. */
const ADDRESS = /^(?:https?:\/\/|hf\.co\/|huggingface\.co\/)/;
/** A model as Ollama names it. */
const OF_OLLAMA = /^[\w.-]+:[\w.-]+$/;
const OF_CLOUD = /^[\w.-]+:(?:[\w.-]+-)?cloud$/;

/** For a word that may be a model of Ollama without a tag. */
function wayInOllama(model: string): string[] {
  return /^[a-z][a-z\d.-]*$/.test(model) ? [`if Ollama has a model of this name: llamactl run ollama:${model}`] : [];
}

async function unknownModel(model: string, { instances, models, starters, isLocal }: Known): Promise<Problem> {
  const { startersHint } = await import('./remote-model.ts');
  const { nearName } = await import('../instances/near-instance.ts');
  const names = instances.flatMap(({ name, aliases }) => [name, ...aliases]);
  const tag = models.find((each) => each.name.toLowerCase().startsWith(`${(untagged(model) ?? model).toLowerCase()}:`));
  const near =
    tag?.name ??
    modelContaining(model, models) ??
    (await nearName(model, [...names, ...models.flatMap((each) => modelNames(each).slice(0, 2))]));
  if (OF_CLOUD.test(model) && near === null)
    return new Problem(`${model} is a cloud model of Ollama, which runs on its machines, not here`, EXIT.notFound);
  if (OF_OLLAMA.test(model) && near === null) {
    return new Problem(`there is no instance and no model ${model}`, EXIT.notFound, [
      `to download it from Ollama's registry: llamactl pull ollama:${model}`,
      ...startersHint(starters),
    ]);
  }
  const file = isLocal ? '~/models/qwen.gguf' : "/models/qwen.gguf, a path on the server's machine";
  return new Problem(
    `there is no instance and no model ${model}${near === null ? '' : `; did you mean ${near}?`}`,
    EXIT.notFound,
    [
      names.length === 0
        ? `there are no instances yet: llamactl quickstart makes one; or give a model file: llamactl run ${file}`
        : `to list instances: llamactl ps; or give a model file: llamactl run ${file}`,
      ...(near === null ? [DOWNLOAD, ...wayInOllama(model), ...startersHint(starters)] : []),
    ],
  );
}
