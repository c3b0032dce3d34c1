import type { CreateInstance, UpdateInstance } from '@llamactl/client';
import { isModelfile } from '@llamactl/contract/foreign-format';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CommandLine, Invocation, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { sourceName } from '../foreign-file.ts';
import { inputText, objectIn } from '../input-file.ts';
import { merged, modelPath, settingsOf, type Surroundings } from './instance-settings.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { isReference } from '../downloads/reference-word.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { QUANTIZE } from '../unknown-option.ts';
import type { SettingFlags } from './setting-flags.ts';

/** The settings of one instance on a command line. */
export interface SaidSettings {
  name: string;
  /** Flags override the file. */
  settings: UpdateInstance;
  /** The file is a Modelfile: settings of Ollama that it lacks are to be removed. */
  isComplete: boolean;
  /** The file of the model that `--model` names; `null`: it names none. */
  modelFile: string | null;
}

/** Names the file of a model that was given by name. Call it after the change: a refusal is about something else. */
export function noteModel({ terminal }: Session, { modelFile }: Pick<SaidSettings, 'modelFile'>): void {
  if (modelFile !== null) terminal.note(`using the model ${plain(modelFile)}`);
}

/**
 * Reads `[NAME] [--file F] [flags] [-- arguments…]`.
 *
 * @param options.takesCommand The words after `--` may be a whole command line of llama-server, which becomes settings.
 * @throws {Problem} for an invalid command line
 */
export async function saidSettings(
  { surroundings }: CommandLine,
  session: Session,
  invocation: Invocation<SettingFlags>,
  { takesCommand }: { takesCommand: boolean } = { takesCommand: false },
): Promise<SaidSettings> {
  const { words, rest, flags } = invocation;
  const [given, ...surplus] = words.slice(0, words.length - rest.length);
  if (surplus.length > 0) {
    throw new Problem(`expected one name, but got also: ${surplus.join(' ')}`, EXIT.usage, [
      remedyFor(surplus[0] ?? '', flags),
    ]);
  }
  const where = {
    isLocal: isOwnAddress(session.client.url),
    folder: process.cwd(),
    home: surroundings.home,
    environment: surroundings.environment,
    exists: existsSync,
  };
  const isPasted = takesCommand && isPastedCommand(invocation);
  const { settings: fromFile, isComplete } = isPasted
    ? { settings: await settingsOfCommand(session, rest, where), isComplete: false }
    : await settingsIn(session, flags.file, surroundings.home);
  const { name: filed, ...body } = fromFile as Partial<CreateInstance>;
  const name = given ?? filed;
  if (typeof name !== 'string' || name === '') throw new Problem('NAME is missing', EXIT.usage);
  const modelFile = await fileOfModel(session, flags);
  const isKnown = modelFile !== null;
  const { model, ...others } = flags;
  const fromFlags = settingsOf(isKnown ? others : flags, isPasted ? [] : rest, where);
  return { name, settings: merged(body, isKnown ? { ...fromFlags, model } : fromFlags), isComplete, modelFile };
}

/**
 * Whether the words after `--` are a whole command line, such as `llama-server -m FILE`. llama-server itself takes no
 * argument that does not begin with a dash.
 */
function isPastedCommand({ rest, flags }: Pick<Invocation<SettingFlags>, 'rest' | 'flags'>): boolean {
  const { engine = 'llama_cpp', engineCommand, file } = flags;
  const isOfLlamaServer = engine === 'llama_cpp' && engineCommand === undefined && file === undefined;
  return isOfLlamaServer && rest[0] !== undefined && !rest[0].startsWith('-');
}

/** The settings in a pasted command line. Names them and its other parts. */
async function settingsOfCommand(session: Session, words: readonly string[], where: Surroundings): Promise<object> {
  const { notePasted, pastedCommand } = await import('./pasted-command.ts');
  const pasted = await pastedCommand(session, words, (file) => modelPath(file, 'llama_cpp', where));
  notePasted(session, pasted);
  return pasted.settings;
}

/** The settings in a file: JSON of the API, or a Modelfile of Ollama. */
async function settingsIn(
  session: Session,
  file: string | undefined,
  home: string,
): Promise<{ settings: object; isComplete: boolean }> {
  if (file === undefined) return { settings: {}, isComplete: false };
  // Before it is read: it may be larger than the memory.
  if (/\.gguf$/i.test(file))
    throw new Problem(`${file} is a model file, which is given with -m: -m ${shellQuoted(file)}`, EXIT.usage);
  const text = await inputText(session, file);
  if (text.trim() === '') {
    const ways = ['it may have settings in JSON, or be a Modelfile, which has FROM and a model'];
    throw new Problem(`${sourceName(file)} is empty`, EXIT.usage, ways);
  }
  if (!isModelfile(text) && !/^modelfile/i.test(path.basename(file)))
    return { settings: await objectIn(file, text), isComplete: false };
  const { settingsOfModelfile } = await import('../modelfile/modelfile-instance.ts');
  return { settings: await settingsOfModelfile(session, { file, text }, home), isComplete: true };
}

/** @param word The first word after the name */
function remedyFor(word: string, { model }: SettingFlags): string {
  // `-q` of `ollama create` takes it.
  if (/^(?:i?q\d\w*|b?f(?:16|32))$/i.test(word)) return QUANTIZE;
  if (/(?:^|[/\\])llama-server(?:\.exe)?$/i.test(word))
    return 'a whole command line is given after --: llamactl create NAME -- llama-server …';
  if (/\.gguf$/i.test(word)) return `a model file is given as --model ${word}`;
  if (/^\w+=/.test(word)) return `an option of the engine is given as -o ${word}`;
  if (/^[\d.]+$/.test(word)) return 'an option of the engine is given as -o key=value, without a space';
  if (model !== undefined)
    return 'one instance at a time; to give all instances of a model of Ollama its new file: llamactl import ollama NAME --update';
  return `a model is given as --model ${word}; put arguments for the engine after --`;
}

/** A model as Ollama names it: `qwen3:8b`, `llama3.2`. */
const OF_OLLAMA = /^[a-z\d][\w.-]*(?::[\w.-]+)?$/;

/** A word with the prefix of a source, such as `hf:org/repo`. */
const WITH_SOURCE = /^[a-z][\w+.-]*:/i;

/**
 * The file of the model, if `--model` is a name or reference that the server knows. `null`: it is a path, or a file here.
 *
 * @throws {Problem} when it can be no path, and the server has no such model
 */
async function fileOfModel(session: Session, { model, engine }: SettingFlags): Promise<string | null> {
  const takesNames = engine === undefined || engine === 'llama_cpp';
  const isName = model !== undefined && !/^[./~]/.test(model) && (takesNames || /^https?:/.test(model));
  if (!isName || existsSync(path.resolve(model))) return null;
  const { modelCalled, modelContaining, serverModels } = await import('./server-models.ts');
  const { client, signal } = session;
  const models = await serverModels(client, signal);
  const found = modelCalled(model, models);
  if (found === null && isReference(model)) {
    throw new Problem(`there is no model ${model} on this server`, EXIT.notFound, [
      `to download it: llamactl pull ${shellQuoted(model)}`,
    ]);
  }
  if (found === null && /[/\\]/.test(model) && WITH_SOURCE.test(model)) {
    const { notReference } = await import('../downloads/pulled-reference.ts');
    throw notReference(model);
  }
  if (found === null && /[/\\]|\.gguf$/i.test(model)) return null;
  if (found === null) {
    const { nearName } = await import('./near-instance.ts');
    const names = models.map(({ name }) => name);
    const near = modelContaining(model, models) ?? (await nearName(model, names));
    const hint = near === null ? 'to list models: llamactl models' : `did you mean ${near}?`;
    const when = model.includes(':') ? "to download it from Ollama's registry" : 'if Ollama has a model of this name';
    const pull = `${when}: llamactl pull ${shellQuoted(`ollama:${model}`)}`;
    const ways = near === null && OF_OLLAMA.test(model) ? [pull] : [];
    throw new Problem(`there is no model and no file ${model}; ${hint}`, EXIT.notFound, ways);
  }
  if (found.problems.length > 0) throw new Problem(plain(found.problems.join('; ')), EXIT.failed);
  return found.path;
}
