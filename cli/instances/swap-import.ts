import type { InstanceSummary, JsonValue, Parsed, ParsedInstance, ParsedSettings, UnreadModel } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { isRecord } from '@llamactl/contract/record';
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
  UNKNOWN_FLAG,
} from './foreign-import.ts';
import { importedChange } from './imported-change.ts';
import { type AliasMove, aliasMoves, movedText, returnAliases, takeAliases } from './alias-moves.ts';
import { missingConfiguration } from './missing-configuration.ts';
import { parsedWords } from './parsed-words.ts';
import { sortedAliases } from './swap-aliases.ts';
import { renamedModels } from './renamed-models.ts';
import { triedCreate } from './tried-create.ts';
import { refuseUnchecked, withoutCommandWarnings } from './unchecked-options.ts';

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
  await refuseUnchecked(session, parsed, wanted, existing, options);
  const moves = aliasMoves(wanted, existing);
  const isMade = options.isUpdate && !options.isDryRun;
  const refusals = isMade ? await takeAliases(session, moves) : new Map<string, string>();
  const names = new Set([...parsed.instances, ...(parsed.unread ?? [])].map(({ settings }) => settings?.name));
  const surroundings = { ...options, existing, moves, names, groups: groupsOf(parsed), refusals };
  const tried: ForeignStep[] = [];
  for (const each of wanted)
    tried.push(
      'why' in each ? await unreadStep(session, each, surroundings) : await importModel(session, each, surroundings),
    );
  const done = isMade ? await returnAliases(session, moves, tried) : tried;
  const steps = withoutCommandWarnings(done, parsed);
  const isPart = options.only.length > 0;
  const lines = isPart ? linesFor(wanted, configuration ?? {}) : (configuration ?? {});
  const missing = await missingConfiguration(session, lines);
  // Only a whole file that was imported before says something about settings that it lacks.
  const isAgain = options.only.length === 0 && configuration !== undefined && steps.some(isPresent);
  const absent = absentInstances(steps, existing, options);
  return {
    steps,
    absent,
    renamed: renamedModels(
      steps,
      wanted,
      existing.filter(({ name }) => absent.includes(name)),
    ),
    // They concern all models.
    dropped: isPart ? [] : dropped,
    configuration: missing.configuration,
    configuration_replaced: missing.replaced,
    configuration_changed: missing.changed,
    configuration_kept: isAgain ? missing.kept : [],
    configuration_file: missing.file,
  };
}

/** The names of all groups in a file. */
function groupsOf({ configuration = {}, dropped = [] }: Parsed): ReadonlySet<string> {
  const { groups } = configuration;
  const named = dropped.flatMap(({ text }) => /^groups\.([^.:]+)$/.exec(text)?.[1] ?? []);
  return new Set([...Object.keys(isRecord(groups) ? groups : {}), ...named]);
}

/** The lines for the configuration that some models need: their engines and groups. */
function linesFor(
  models: readonly (ParsedInstance | UnreadModel)[],
  configuration: Record<string, JsonValue>,
): Record<string, JsonValue> {
  const used = { engines: new Set<unknown>(), groups: new Set<unknown>() };
  for (const { settings } of models) {
    used.engines.add(settings?.engine);
    used.groups.add(settings?.group);
  }
  return Object.fromEntries(
    Object.entries(used).flatMap(([section, names]) => {
      const all = configuration[section];
      const own = Object.entries(isRecord(all) ? all : {}).filter(([name]) => names.has(name));
      return own.length === 0 ? [] : [[section, Object.fromEntries(own)] as const];
    }),
  );
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

interface ModelOptions extends SwapImportOptions {
  existing: readonly InstanceSummary[];
  /** The aliases that move between the models of the file. */
  moves: readonly AliasMove[];
  /** The names of the instances of all models of the file. */
  names: ReadonlySet<string | undefined>;
  /** The groups of the file, also those that limit nothing here. */
  groups: ReadonlySet<string>;
  /** Why the server let no alias be taken, by the instance. */
  refusals: ReadonlyMap<string, string>;
}

/** The step for a model that the server cannot read. It may have an instance of a custom engine. */
async function unreadStep(
  session: Session,
  { model, line, why, settings }: UnreadModel,
  options: ModelOptions,
): Promise<ForeignStep> {
  const { existing, environment } = options;
  const step = { ...NO_STEP, name: model ?? null, line };
  const own = existing.find(
    ({ name, aliases, engine }) => model !== undefined && engine !== 'llama_cpp' && [name, ...aliases].includes(model),
  );
  const reason = variableProblem(why, environment) ?? why;
  if (own === undefined) return { ...step, action: 'skip', error: reason };
  if (settings === undefined) return { ...step, instance: own.name, warnings: [`cannot be compared: it ${reason}`] };
  // Its engine has another name here, and may name the model itself.
  const { name = own.name, engine: _engine, model_path: _file, aliases = [], ...others } = settings;
  const { free, conflicts } = sortedAliases(name, aliases, { ...options, isThere: true });
  const wanted = { ...others, ...(free.length > 0 && { aliases: free }) };
  return { ...step, instance: own.name, conflicts, ...(await presentStep(session, own.name, wanted, options)) };
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
  options: ModelOptions,
): Promise<ForeignStep> {
  const { existing, isDryRun } = options;
  const name = called ?? null;
  if (given.name === undefined)
    return { ...NO_STEP, name, line, action: 'skip', error: 'gives no name for an instance' };
  const asked = given.name;
  const own = existing.find((each) => each.name.toLowerCase() === asked.toLowerCase());
  const { aliases = [], ...others } = given;
  const { free, conflicts } = sortedAliases(asked, aliases, { ...options, isThere: own !== undefined });
  const settings = { ...others, ...(free.length > 0 && { aliases: free }) };
  const step: ForeignStep = {
    ...NO_STEP,
    name,
    line,
    instance: own?.name ?? asked,
    settings: parsedWords(settings),
    dropped,
    conflicts,
  };
  if (own !== undefined) {
    const { name: _name, ...wanted } = settings;
    const unknown = dropped.flatMap(({ text, why }) => (UNKNOWN_FLAG.test(why) ? [text] : []));
    return { ...step, ...(await presentStep(session, own.name, wanted, { ...options, unknown })) };
  }
  const { warnings, error } = await triedCreate(session, { ...settings, name: asked }, isDryRun);
  return { ...step, action: 'create', warnings, error };
}

/** Compares an instance that exists, and changes it with `--update`. */
async function presentStep(
  session: Session,
  instance: string,
  wanted: Omit<ParsedSettings, 'name'>,
  { isUpdate, isExact, isDryRun, moves, groups, refusals, unknown = [] }: ModelOptions & { unknown?: string[] },
): Promise<Partial<ForeignStep>> {
  const isMade = isUpdate && !isDryRun;
  const lost = moves.filter(({ from }) => from.name === instance);
  const leaving = lost.map(({ alias }) => alias);
  const change = await importedChange(session, instance, wanted, {
    isMade,
    forcesFields: true,
    isExact,
    leaving,
    unknown,
    groups,
  });
  const { kept, removal, needsRestart, warnings } = change;
  const error = change.error ?? refusals.get(instance) ?? null;
  const got = moves.filter(({ to }) => to.toLowerCase() === instance.toLowerCase());
  const differences = [
    ...change.differences.filter((each) => got.length === 0 || !each.startsWith('aliases ')),
    ...lost.map(movedText),
    ...got.map(({ alias, from }) => `alias ${alias} comes from ${from.name}`),
  ];
  const found = { differences, kept, removal };
  if (!isUpdate) return { ...found, warnings: error === null ? [] : [`cannot be compared: ${error}`] };
  return { ...found, action: differences.length > 0 ? 'update' : 'nothing', needsRestart, warnings, error };
}
