import type {
  DroppedText,
  InstanceSummary,
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
import {
  absentInstances,
  type ForeignImport,
  type ForeignImportOptions,
  type ForeignStep,
  NO_STEP,
} from './foreign-import.ts';
import { importedChange } from './imported-change.ts';
import { missingConfiguration } from './missing-configuration.ts';
import { parsedWords } from './parsed-words.ts';
import { triedCreate } from './tried-create.ts';

export interface SwapImportOptions extends ForeignImportOptions {
  /** The environment for `${env.NAME}` in the file. */
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Makes stopped instances of the models in a llama-swap configuration, one after the other.
 *
 * @throws {Problem} the file cannot be read, is no such configuration, or lacks a name of `only`
 */
export async function importSwap(session: Session, options: SwapImportOptions): Promise<ForeignImport> {
  const { client, signal } = session;
  const text = withVariables(await inputText(session, options.source), options.environment);
  const parsed = await client.parseEngineCommand({ text }, { signal });
  if (parsed.format !== 'llama_swap') {
    throw new Problem(`${options.source} is not a configuration of llama-swap`, EXIT.usage);
  }
  const { dropped = [], configuration } = parsed;
  const wanted = await wantedModels(parsed, options.only);
  const existing = await client.listInstances({ signal });
  const steps: ForeignStep[] = [];
  for (const each of wanted) {
    const isUnread = 'why' in each;
    steps.push(
      isUnread
        ? await unreadStep(session, each, { ...options, existing })
        : await importModel(session, each, { ...options, existing }),
    );
  }
  const missing = await missingConfiguration(session, configuration ?? {});
  // Only a whole file that was imported before says something about settings that it lacks.
  const isAgain = options.only.length === 0 && configuration !== undefined && steps.some(isPresent);
  return {
    steps,
    absent: absentInstances(steps, existing, options.only),
    dropped,
    configuration: missing.configuration,
    configuration_kept: isAgain ? missing.kept : [],
    configuration_file: missing.file,
  };
}

function isPresent({ action, error }: ForeignStep): boolean {
  return error === null && (action === 'nothing' || action === 'update');
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
  const { name, aliases = [] } = each.settings ?? {};
  return each.model === word || name === word || aliases.includes(word);
}

type ModelOptions = SwapImportOptions & { existing: readonly InstanceSummary[] };

/** The step for a model that the server cannot read. It may have an instance of a custom engine. */
async function unreadStep(
  session: Session,
  { model, line, why, settings }: UnreadModel,
  { existing, environment, ...options }: ModelOptions,
): Promise<ForeignStep> {
  const step = { ...NO_STEP, name: model ?? null, line };
  const own = existing.find(
    ({ name, aliases, engine }) => model !== undefined && engine !== 'llama_cpp' && [name, ...aliases].includes(model),
  );
  if (own === undefined) return { ...step, action: 'skip', error: variableProblem(why, environment) ?? why };
  const reason = variableProblem(why, environment) ?? why;
  if (settings === undefined) return { ...step, instance: own.name, warnings: [`cannot be compared: it ${reason}`] };
  // Its engine has another name here, and may name the model itself.
  const { name: _name, engine: _engine, model_path: _file, ...wanted } = settings;
  return { ...step, instance: own.name, ...(await presentStep(session, own.name, wanted, options)) };
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
  { existing, ...options }: ModelOptions,
): Promise<ForeignStep> {
  const name = called ?? null;
  if (given.name === undefined)
    return { ...NO_STEP, name, line, action: 'skip', error: 'gives no name for an instance' };
  const asked = given.name;
  const own = existing.find((each) => each.name.toLowerCase() === asked.toLowerCase());
  const others = existing.filter((each) => each !== own);
  const { settings, taken } = withoutTaken(given, others);
  const step: ForeignStep = {
    ...NO_STEP,
    name,
    line,
    instance: own?.name ?? asked,
    settings: parsedWords(settings),
    dropped: [...dropped, ...taken],
  };
  if (own !== undefined) {
    const { name: _name, ...wanted } = settings;
    return { ...step, ...(await presentStep(session, own.name, wanted, options)) };
  }
  const { warnings, error } = await triedCreate(session, { ...settings, name: asked }, options.isDryRun);
  return { ...step, action: 'create', warnings, error };
}

/** Compares an instance that exists, and changes it with `--update`. */
async function presentStep(
  session: Session,
  instance: string,
  wanted: Omit<ParsedSettings, 'name'>,
  { isUpdate, isDryRun }: Pick<SwapImportOptions, 'isUpdate' | 'isDryRun'>,
): Promise<Partial<ForeignStep>> {
  const isMade = isUpdate && !isDryRun;
  const change = await importedChange(session, instance, wanted, { isMade, forcesFields: true });
  const { differences, kept, removal, needsRestart, warnings, error } = change;
  const found = { differences, kept, removal };
  if (!isUpdate) return { ...found, warnings: error === null ? [] : [`cannot be compared: ${error}`] };
  return { ...found, action: differences.length > 0 ? 'update' : 'nothing', needsRestart, warnings, error };
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
