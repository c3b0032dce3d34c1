import type {
  DroppedText,
  InstanceSummary,
  JsonValue,
  Parsed,
  ParsedInstance,
  ParsedSettings,
  UnreadModel,
} from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { inputText } from '../input-file.ts';
import { missingName } from '../missing-name.ts';
import { Problem } from '../problem.ts';
import { importedChange } from './imported-change.ts';
import { missingConfiguration } from './missing-configuration.ts';
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
  /**
   * `update`: the instance exists and gets the settings of the configuration; `nothing`: it exists and stays as it is;
   * `skip`: the model cannot be read.
   */
  action: 'create' | 'update' | 'nothing' | 'skip';
  /** Settings that come from the configuration, in words: `ctx_size=8192`, `group=big`. */
  settings: string[];
  /** Changes that `update` makes or would make, in words: `ctx_size 4096 → 1024`. Empty for an instance that is created. */
  differences: string[];
  /** Settings of an instance that exists which the configuration lacks, so that they stay. */
  kept: string[];
  /** The engine runs, and uses the changed settings after a restart. */
  needsRestart: boolean;
  /** Parts of the model without a counterpart, and why. */
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
  /** The part of these that belongs into the configuration file of llamactl, and that the file lacks. */
  configuration: Record<string, JsonValue>;
  /** This file, on the server's machine; `null`: no file, or the caller may not read it. */
  configuration_file: string | null;
}

export interface SwapImportOptions {
  /** The configuration; `-`: standard input. */
  file: string;
  /** Names of models, aliases or instances; empty: all. */
  only: readonly string[];
  /** Whether instances that exist get the settings of the configuration. */
  isUpdate: boolean;
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
  const existing = await client.listInstances({ signal });
  const steps: SwapStep[] = [];
  for (const each of wanted) {
    const isUnread = 'why' in each;
    steps.push(
      isUnread
        ? unreadStep(each, existing, options.environment)
        : await importModel(session, each, { ...options, existing }),
    );
  }
  const missing = await missingConfiguration(session, configuration);
  return { steps, dropped, configuration: missing.configuration, configuration_file: missing.file };
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
  differences: [],
  kept: [],
  needsRestart: false,
  dropped: [],
  warnings: [],
  error: null,
};

/** The step for a model that the server cannot read. It may have an instance of a custom engine. */
function unreadStep(
  { model, line, why }: UnreadModel,
  existing: readonly InstanceSummary[],
  environment: SwapImportOptions['environment'],
): SwapStep {
  const own = existing.find(
    ({ name, aliases, engine }) => model !== undefined && engine !== 'llama_cpp' && [name, ...aliases].includes(model),
  );
  if (own !== undefined) return { ...NOTHING, model: model ?? null, line, instance: own.name };
  return { ...NOTHING, model: model ?? null, line, action: 'skip', error: variableProblem(why, environment) ?? why };
}

/** Why a variable was not replaced; `null`: that is not the problem. The server knows only its own environment. */
function variableProblem(why: string, environment: SwapImportOptions['environment']): string | null {
  const name = /^uses \$\{env\.(\w+)\}/.exec(why)?.[1];
  if (name === undefined) return null;
  return environment[name] === undefined
    ? `uses \${env.${name}}, and ${name} is not set here; set it, or write its value into the file`
    : `uses \${env.${name}}, and the value of ${name} has characters that could change the file; write it there, quoted`;
}

async function importModel(
  session: Session,
  { model: called, line = 1, settings: given, dropped }: ParsedInstance,
  {
    existing,
    isUpdate,
    isDryRun,
  }: Pick<SwapImportOptions, 'isUpdate' | 'isDryRun'> & { existing: readonly InstanceSummary[] },
): Promise<SwapStep> {
  const { name } = given;
  const model = called ?? null;
  if (name === undefined) return { ...NOTHING, model, line, action: 'skip', error: 'gives no name for an instance' };
  const own = existing.find((each) => each.name.toLowerCase() === name.toLowerCase());
  const { settings, taken } = withoutTaken(
    given,
    existing.filter((each) => each !== own),
  );
  const step = { ...NOTHING, model, line, instance: own?.name ?? name, settings: parsedWords(settings) };
  if (own !== undefined) {
    const { name: _name, ...wanted } = settings;
    const change = await importedChange(session, own.name, wanted, isUpdate && !isDryRun);
    const { differences, kept, needsRestart, warnings, error } = change;
    const all = [...dropped, ...taken];
    if (!isUpdate) {
      const unknown = error === null ? [] : [`cannot be compared: ${error}`];
      return { ...step, differences, kept, dropped: all, warnings: unknown };
    }
    const action = differences.length > 0 ? 'update' : 'nothing';
    return { ...step, action, differences, kept, needsRestart, dropped: all, warnings, error };
  }
  const { warnings, error } = await triedCreate(session, { ...settings, name }, isDryRun);
  return { ...step, action: 'create', dropped: [...dropped, ...taken], warnings, error };
}

/** Takes away the aliases that other instances have as name or alias. The server would refuse all settings with them. */
function withoutTaken(
  { aliases, ...settings }: ParsedSettings,
  others: readonly InstanceSummary[],
): { settings: ParsedSettings; taken: DroppedText[] } {
  if (aliases === undefined) return { settings, taken: [] };
  const ownerOf = (alias: string): InstanceSummary | undefined =>
    others.find((each) => each.name.toLowerCase() === alias.toLowerCase() || each.aliases.includes(alias));
  const free = aliases.filter((alias) => ownerOf(alias) === undefined);
  const taken = aliases.flatMap((alias) => {
    const owner = ownerOf(alias);
    return owner === undefined ? [] : [{ text: `aliases: ${alias}`, why: `the instance ${owner.name} has this name` }];
  });
  return { settings: { ...settings, ...(free.length > 0 && { aliases: free }) }, taken };
}
