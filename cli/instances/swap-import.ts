import type { DroppedText, JsonValue, Parsed, ParsedInstance, UnreadModel } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { inputText } from '../input-file.ts';
import { missingName } from '../missing-name.ts';
import { Problem } from '../problem.ts';
import { parsedWords } from './parsed-words.ts';
import { triedCreate } from './tried-create.ts';

/** The step of an import for one model of llama-swap, planned or done. */
export interface SwapStep {
  /** Its name in the configuration; `null`: the text is one model without a name. */
  model: string | null;
  /** The line of this name. */
  line: number;
  /** Its instance; `null`: it gets none. */
  instance: string | null;
  /** `nothing`: the instance exists and stays as it is; `skip`: the model cannot be read. */
  action: 'create' | 'nothing' | 'skip';
  /** Settings that come from the configuration, in words: `ctx_size=8192`, `group=big`. */
  settings: string[];
  /** Parts of the model without a counterpart, and why. Empty unless an instance is created. */
  dropped: DroppedText[];
  warnings: string[];
  /** Why the step failed, or the model is skipped; `null`: neither. */
  error: string | null;
}

/** An import of a llama-swap configuration, planned or done. */
export interface SwapImport {
  steps: SwapStep[];
  /** Global settings that became no setting of an instance, and their counterpart. */
  dropped: DroppedText[];
  /** The part of these that belongs into the configuration file of llamactl. */
  configuration: Record<string, JsonValue>;
}

export interface SwapImportOptions {
  /** The configuration; `-`: standard input. */
  file: string;
  /** Names of models, aliases or instances; empty: all. */
  only: readonly string[];
  isDryRun: boolean;
  /** The environment for `${env.NAME}` in the file. */
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Makes stopped instances of the models in a llama-swap configuration, one after the other.
 *
 * @throws {Problem} the file cannot be read, is no such configuration, or lacks a name of `only`
 */
export async function importSwap(session: Session, options: SwapImportOptions): Promise<SwapImport> {
  const { client, signal } = session;
  const text = withVariables(await inputText(session, options.file), options.environment);
  const parsed = await client.parseEngineCommand({ text }, { signal });
  if (parsed.format !== 'llama_swap') {
    throw new Problem(`${options.file} is not a configuration of llama-swap`, EXIT.usage);
  }
  const { dropped = [], configuration = {} } = parsed;
  const wanted = await wantedModels(parsed, options.only);
  const existing = new Set((await client.listInstances({ signal })).map(({ name }) => name.toLowerCase()));
  const steps: SwapStep[] = [];
  for (const each of wanted) {
    const isUnread = 'why' in each;
    steps.push(isUnread ? skipped(each) : await importModel(session, each, { existing, isDryRun: options.isDryRun }));
  }
  return { steps, dropped, configuration };
}

/** A value that cannot change the meaning of the YAML around it. */
const PLAIN_VALUE = /^[\w@%+=,./~-]*$/;

/** Replaces `${env.NAME}`, as llama-swap does before it reads the file. The server names those that stay. */
function withVariables(text: string, environment: SwapImportOptions['environment']): string {
  return text.replaceAll(/\$\{env\.(\w+)\}/g, (macro: string, name: string) => {
    const value = environment[name];
    return value !== undefined && PLAIN_VALUE.test(value) ? value : macro;
  });
}

/** The models to import, in the order of the file. */
async function wantedModels(
  { instances, unread = [] }: Parsed,
  only: readonly string[],
): Promise<(ParsedInstance | UnreadModel)[]> {
  const all = [...instances, ...unread].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const missing = only.find((word) => !all.some((each) => isCalled(each, word)));
  if (missing !== undefined) {
    const names = all.flatMap(({ model }) => (model === undefined ? [] : [model]));
    throw await missingName({ kind: 'model', word: missing, names, list: `the file has: ${names.join(', ')}` });
  }
  return only.length === 0 ? all : all.filter((each) => only.some((word) => isCalled(each, word)));
}

function isCalled(each: ParsedInstance | UnreadModel, word: string): boolean {
  const { name, aliases = [] } = 'settings' in each ? each.settings : {};
  return each.model === word || name === word || aliases.includes(word);
}

const NOTHING: Omit<SwapStep, 'model' | 'line'> = {
  instance: null,
  action: 'nothing',
  settings: [],
  dropped: [],
  warnings: [],
  error: null,
};

function skipped({ model, line, why }: UnreadModel): SwapStep {
  return { ...NOTHING, model: model ?? null, line, action: 'skip', error: why };
}

async function importModel(
  session: Session,
  { model: called, line = 1, settings, dropped }: ParsedInstance,
  { existing, isDryRun }: { existing: ReadonlySet<string>; isDryRun: boolean },
): Promise<SwapStep> {
  const { name } = settings;
  const model = called ?? null;
  if (name === undefined)
    return skipped({ ...(model !== null && { model }), line, why: 'gives no name for an instance' });
  if (existing.has(name.toLowerCase())) return { ...NOTHING, model, line, instance: name };
  const step: SwapStep = {
    ...NOTHING,
    model,
    line,
    instance: name,
    action: 'create',
    settings: parsedWords(settings),
    dropped,
  };
  const { warnings, error } = await triedCreate(session, { ...settings, name }, isDryRun);
  return { ...step, warnings, error };
}
