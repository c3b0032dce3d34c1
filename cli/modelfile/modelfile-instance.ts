import type { Instance, UpdateInstance } from '@llamactl/client';
import { FIELDS_OF_OLLAMA, isOllamaBlob } from '@llamactl/contract/ollama-options';
import { statSync } from 'node:fs';
import path from 'node:path';
import { shellQuoted } from '../../format/shell-words.ts';
import { isModelFile } from '../chat/model-instance.ts';
import { newInstanceOf } from '../chat/new-instance.ts';
import { ollamaSettings } from '../chat/ollama-settings.ts';
import type { Session } from '../command-line.ts';
import { isReference } from '../downloads/reference-word.ts';
import { EXIT } from '../exit-status.ts';
import { sourceName } from '../foreign-file.ts';
import { merged, withoutNulls } from '../instances/instance-settings.ts';
import { isOptionOfModelfile } from '../instances/ollama-replacement.ts';
import { knownOptions } from '../instances/known-options.ts';
import { modelCalled, serverModels } from '../instances/server-models.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { modelfileSettings } from './modelfile-settings.ts';
import { type Instruction, instructionsOf } from './modelfile-text.ts';

/** A Modelfile of Ollama. */
export interface Modelfile {
  /** On the command line; `-`: standard input. */
  file: string;
  text: string;
}

/** Where paths of a Modelfile lead. */
interface Place {
  /** The name of the Modelfile in messages. */
  file: string;
  /** Base of relative paths, absolute. */
  folder: string;
  home: string;
  /** The server runs on this machine and sees the same files. */
  isLocal: boolean;
}

/**
 * The settings of an instance that a Modelfile describes. Says in notes which instructions have no effect. As in Ollama,
 * an instance of a model of Ollama begins with the settings of that model.
 *
 * @throws {Problem} for a mistake, or a model or file that is missing
 */
export async function settingsOfModelfile(
  session: Session,
  { file, text }: Modelfile,
  home: string,
): Promise<UpdateInstance> {
  const name = sourceName(file);
  const { suggestion } = await import('@llamactl/server/suggestion');
  const instructions = instructionsOf(text, name);
  const { settings, from, adapters, dropped } = modelfileSettings(instructions, name, suggestion);
  const folder = file === '-' ? process.cwd() : path.dirname(path.resolve(file));
  const place = { file: name, folder, home, isLocal: isOwnAddress(session.client.url) };
  const [model, ...others] = from;
  const base: UpdateInstance = model === undefined ? {} : await settingsOfModel(session, model, place);
  const files = (instructions: readonly Instruction[]): string[] =>
    instructions.map((each) => ggufFile(each, pathOf(each.value, place) ?? each.value, place));
  // The name of a second model would be sought as a file.
  const named = others.find((each) => !FILE.test(each.value) && pathOf(each.value, place) === null);
  if (named !== undefined) {
    const what = `FROM ${named.value}: a second FROM must be a projector file`;
    throw new Problem(`${name}:${named.line}: ${what}`, EXIT.usage);
  }
  for (const { line, text: what } of dropped) session.terminal.note(plain(`${name}:${line}: ${what}`));
  const said = [settings, optionOf('lora', files(adapters)), optionOf('mmproj', files(others))].reduce(merged, base);
  const { options: _options, request_defaults: _defaults, ...rest } = said;
  const { options: wanted = {}, ...kept } = withoutNulls(said);
  const { options, lacking } = await knownOptions(session.client, wanted, session.signal);
  for (const { key, line } of instructions.filter((each) => lacking.includes(each.key)))
    session.terminal.note(plain(`${name}:${line}: PARAMETER ${key} is not used: the engine is too old for it`));
  return { ...rest, ...kept, ...withoutNulls({ options }) };
}

function optionOf(key: string, [first, ...more]: readonly string[]): UpdateInstance {
  if (first === undefined) return {};
  return { options: { [key]: more.length === 0 ? first : [first, ...more] } };
}

/** The model that FROM names, with the settings that Ollama has for it. */
async function settingsOfModel(session: Session, from: Instruction, place: Place): Promise<UpdateInstance> {
  const { client, signal } = session;
  const file = pathOf(from.value, place);
  if (file !== null) {
    const found = ggufFile(from, file, place);
    if (isOllamaBlob(found)) await noteName(session, from, found, place);
    return { model_path: found };
  }
  const found = modelCalled(from.value, await serverModels(client, signal));
  if (found === null) {
    const instance = await instanceCalled(session, from.value);
    if (instance === null) throw noModel(from, place);
    session.terminal.note(
      plain(`${place.file}:${from.line}: FROM takes the model and the settings of the instance ${instance.name}`),
    );
    return settingsOfInstance(instance);
  }
  if (found.problems.length > 0)
    throw new Problem(`${place.file}:${from.line}: ${plain(found.problems.join('; '))}`, EXIT.failed);
  const { model } = newInstanceOf(found, from.value).settings;
  if (found.source !== 'ollama') return { model };
  const { settings, messages } = await ollamaSettings(client, found.id, signal);
  if (messages !== null) session.terminal.note(plain(`${place.file}:${from.line}: ${messages}`));
  return { model, ...settings };
}

/** Names the model of Ollama whose file FROM has. Only an instance that names its model survives a pull. */
async function noteName(
  { client, signal, terminal }: Session,
  from: Instruction,
  blob: string,
  place: Place,
): Promise<void> {
  const models = await serverModels(client, signal);
  const names = models.flatMap(({ source, path, name }) => (source === 'ollama' && path === blob ? [name] : []));
  if (names.length === 0) return;
  const ways = names.map((name) => `FROM ${name}`).join(' or ');
  terminal.note(
    plain(`${place.file}:${from.line}: ollama pull may delete this file; to keep the instance, write ${ways}`),
  );
}

/** The instance with this name or alias, also without the tag that Ollama adds; `null`: none has it. */
async function instanceCalled({ client, signal }: Session, word: string): Promise<Instance | null> {
  const bare = word.toLowerCase().replace(/:latest$/, '');
  const names = new Set([bare, `${bare}:latest`]);
  const found = (await client.listInstances({ signal })).find(
    ({ engine, name, aliases }) =>
      engine === 'llama_cpp' && [name, ...aliases].some((each) => names.has(each.toLowerCase())),
  );
  return found === undefined ? null : client.getInstance(found.name, { signal });
}

/** The settings of an instance that a model of Ollama could have. */
function settingsOfInstance(instance: Instance): UpdateInstance {
  const { model, model_path: file, system_prompt: prompt, options, request_defaults: defaults } = instance;
  const ofOptions = Object.entries(options).filter(([key, value]) => isOptionOfModelfile(key, value));
  const ofDefaults = Object.entries(defaults).filter(([key]) => FIELDS_OF_OLLAMA.has(key));
  return {
    ...(model !== undefined ? { model } : file !== undefined ? { model_path: file } : {}),
    ...(prompt === undefined ? {} : { system_prompt: prompt }),
    options: Object.fromEntries(ofOptions),
    request_defaults: Object.fromEntries(ofDefaults),
  };
}

/** Files that Ollama or other programs load. `llama3.2` is none. */
const FILE = /\.(?:gguf\w*|ggml\w*|bin|safetensors|pth?|onnx)$/i;

function noModel({ value, line }: Instruction, { file, folder, isLocal }: Place): Problem {
  if (FILE.test(value)) {
    const sought = isLocal ? path.resolve(folder, value) : value;
    return new Problem(`${file}:${line}: FROM ${value}: there is no file ${sought}`, EXIT.notFound);
  }
  const reference = isReference(value) ? value : `ollama:${value}`;
  const isOfHub =
    isReference(value) &&
    /^[^:]+\/[^:]+/.test(value) &&
    !value.includes('.co/') &&
    !/^(?:ms|ollama|docker):/.test(value);
  const ways = [`to download it: llamactl pull ${shellQuoted(reference)}`];
  return new Problem(`${file}:${line}: the server has no model ${value}`, EXIT.notFound, [
    ...ways,
    ...(isOfHub ? [`or from Ollama's registry: llamactl pull ${shellQuoted(`ollama:${value}`)}`] : []),
  ]);
}

const BLOB_WAYS = [
  'ollama pull and ollama rm delete such files; write the name of the model, such as FROM qwen3:8b',
  'to list the models that Ollama has: llamactl models',
];

/** The path that a value is, absolute for a server on this machine; `null`: it is a name. */
function pathOf(value: string, { folder, home, isLocal }: Place): string | null {
  const isPath = /^(?:~|\.{1,2})?[/\\]/.test(value) || isModelFile(value);
  const file = path.resolve(folder, value.replace(/^~(?=\/)/, home));
  if (isPath) return isLocal ? file : value;
  return isLocal && statSync(file, { throwIfNoEntry: false }) !== undefined ? file : null;
}

/** @throws {Problem} when the file cannot be a GGUF file of the server */
function ggufFile({ word, value, line }: Instruction, file: string, place: Place): string {
  const refuse = (why: string, ...remedies: string[]): never => {
    throw new Problem(`${place.file}:${line}: ${word} ${value}: ${why}`, EXIT.usage, remedies);
  };
  if (!place.isLocal) {
    if (path.isAbsolute(value)) return value;
    return refuse("the server runs on another machine; give the file's path there");
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return refuse(`there is no file ${file}`, ...(isOllamaBlob(file) ? BLOB_WAYS : []));
  if (found.isDirectory() || file.endsWith('.safetensors'))
    return refuse('llama.cpp reads only GGUF files', 'convert_hf_to_gguf.py and convert_lora_to_gguf.py make them');
  return file;
}
