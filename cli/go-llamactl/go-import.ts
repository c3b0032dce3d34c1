import type { CreateInstance, DroppedText, InstanceSummary, Model } from '@llamactl/client';
import { LOAD_MODE } from '@llamactl/contract/ollama-options';
import { instanceName } from '../chat/instance-name.ts';
import { takenNames } from '../chat/new-instance.ts';
import type { Session } from '../command-line.ts';
import {
  absentInstances,
  type ForeignImport,
  type ForeignImportOptions,
  type ForeignStep,
  NO_STEP,
} from '../instances/foreign-import.ts';
import { importedChange } from '../instances/imported-change.ts';
import { knownOptions } from '../instances/known-options.ts';
import { missingConfiguration } from '../instances/missing-configuration.ts';
import { serverModels } from '../instances/server-models.ts';
import { type Attempt, triedCreate } from '../instances/tried-create.ts';
import { missingName } from '../missing-name.ts';
import type { GoRecord } from './go-record.ts';
import { readGoSource } from './go-records.ts';
import { automaticPort, goSettings } from './go-settings.ts';
import { modelSetting } from './hub-models.ts';
import { type CustomEngine, customEngines, engineSection, otherBackend } from './other-backends.ts';
import { withoutSetting } from './without-setting.ts';

interface Surroundings extends ForeignImportOptions {
  hasLoadMode: boolean;
  instances: readonly InstanceSummary[];
  /** Models of this machine; empty, if no instance names one of the hub. */
  models: readonly Model[];
  /** Custom engines of the configuration; empty, if no instance needs one. */
  engines: readonly CustomEngine[];
  /** Names of all instances of the source. */
  names: readonly string[];
  /** Names and aliases of instances. Grows with each new instance. */
  taken: string[];
}

/**
 * Makes stopped instances of those of the Go llamactl, one after the other.
 *
 * @throws {Problem} the source cannot be read, or lacks a name of `only`
 */
export async function importGo(session: Session, options: ForeignImportOptions): Promise<ForeignImport> {
  const { client, signal } = session;
  const { source, only } = options;
  const { records, unreadable, isWhole } = await readGoSource(session, source);
  const wanted = await wantedRecords(records, only);
  const instances = await client.listInstances({ signal });
  const { options: known } = await knownOptions(client, { [LOAD_MODE]: 'none' }, signal);
  const first = wanted.map((record) => goSettings(record.options, true));
  const usesOthers = first.some(({ missing }) => missing !== null);
  const usesHub = first.some(({ hub }) => hub !== null);
  const surroundings: Surroundings = {
    ...options,
    hasLoadMode: LOAD_MODE in known,
    instances,
    models: usesHub ? await serverModels(client, signal) : [],
    engines: usesOthers ? await customEngines(client, signal) : [],
    names: records.map(({ name }) => name),
    taken: takenNames(instances),
  };
  const read = wanted.map(({ options: there }) => goSettings(there, surroundings.hasLoadMode, surroundings.engines));
  const steps: ForeignStep[] = [];
  for (const record of wanted) steps.push(withName(await importRecord(session, record, surroundings)));
  const others = only.length === 0 ? unreadable : [];
  for (const { file, why } of others) steps.push({ ...NO_STEP, name: file, action: 'skip', error: why });
  const backends = [...new Set(read.map(({ missing }) => missing))].map(otherBackend).filter((each) => each !== null);
  const engines = Object.fromEntries(backends.map(engineSection));
  const lines =
    backends.length === 0
      ? { configuration: {}, replaced: [], changed: [], file: null }
      : await missingConfiguration(session, { engines });
  return {
    steps,
    absent: isWhole ? absentInstances(steps, instances, options) : [],
    renamed: [],
    dropped: [],
    configuration: lines.configuration,
    configuration_replaced: lines.replaced,
    configuration_changed: lines.changed,
    configuration_kept: [],
    configuration_file: lines.file,
  };
}

/** Puts the name of the instance into the reasons that name a command for it. */
function withName(step: ForeignStep): ForeignStep {
  const name = step.instance ?? 'NAME';
  return { ...step, dropped: step.dropped.map(({ text, why }) => ({ text, why: why.replaceAll('NAME', () => name) })) };
}

async function wantedRecords(records: readonly GoRecord[], only: readonly string[]): Promise<readonly GoRecord[]> {
  const names = records.map(({ name }) => name);
  const missing = only.find((word) => !names.includes(word));
  if (missing !== undefined)
    throw await missingName({ kind: 'instance', word: missing, names, list: `there are: ${names.join(', ')}` });
  return only.length === 0 ? records : records.filter(({ name }) => only.includes(name));
}

async function importRecord(session: Session, record: GoRecord, surroundings: Surroundings): Promise<ForeignStep> {
  const { name, options } = record;
  const { instances, models, engines, taken, hasLoadMode, isDryRun } = surroundings;
  const { settings: given, dropped, hub, obstacle } = goSettings(options, hasLoadMode, engines);
  const settings = { ...(hub !== null && { model: modelSetting(hub, models) }), ...given };
  const present = instances.find((each) => each.name === name || each.aliases.includes(name));
  if (present !== undefined && obstacle === null) {
    const step = await changed(session, record, present.name, settings, surroundings);
    const lost = dropped.filter(({ text }) => text !== automaticPort(present.port));
    return { ...step, dropped: [...lost, ...step.dropped] };
  }
  if (present !== undefined)
    return { ...NO_STEP, name, instance: present.name, warnings: [`cannot be compared: ${obstacle}`] };
  const alike = taken.find((each) => each.toLowerCase() === name.toLowerCase());
  const error =
    obstacle ?? (alike === undefined ? null : `the name ${alike} exists; names must differ by more than case`);
  if (error !== null) return { ...NO_STEP, name, action: 'skip', dropped, error };
  const free = instanceName(name, taken);
  const aliases = [...(free === name ? [] : [name]), ...freeAliases(settings, name, surroundings)];
  const lost = (settings.aliases ?? []).filter((alias) => alias !== name && !aliases.includes(alias));
  const { aliases: _all, ...others } = settings;
  const done = await withoutRefused({ ...others, ...(aliases.length > 0 && { aliases }) }, (body) =>
    triedCreate(session, { name: free, ...body }, isDryRun),
  );
  const step: ForeignStep = { ...NO_STEP, name, action: 'create', instance: free };
  const { warnings, error: refusal } = done.result;
  const all = [...dropped, ...lost.map(droppedAlias), ...done.dropped];
  if (refusal !== null) return { ...step, dropped: all, error: remedied(refusal, done.settings.model) };
  taken.push(free, name, ...aliases);
  return { ...step, settings: settingWords(done.settings), dropped: all, warnings };
}

/** The aliases that name no other instance, here or in the source. */
function freeAliases({ aliases = [] }: Settings, own: string, { names, taken }: Surroundings): string[] {
  const used = new Set([...names, ...taken, own].map((name) => name.toLowerCase()));
  return aliases.filter((alias) => !used.has(alias.toLowerCase()));
}

function droppedAlias(alias: string): DroppedText {
  return { text: `backend_options.alias ${alias}`, why: 'names another instance' };
}

/** Compares an instance that exists with the settings, and changes it with `--update`. */
async function changed(
  session: Session,
  { name }: GoRecord,
  instance: string,
  settings: Settings,
  { instances, isUpdate, isExact, isDryRun, ...surroundings }: Surroundings,
): Promise<ForeignStep> {
  const others = takenNames(instances.filter((each) => each.name !== instance));
  const free = freeAliases(settings, name, { ...surroundings, instances, isUpdate, isExact, isDryRun, taken: others });
  const {
    settings: taken,
    dropped,
    result,
  } = await withoutRefused({ ...settings, aliases: [...free, name] }, (body) =>
    importedChange(session, instance, body, {
      isMade: isUpdate && !isDryRun,
      isExact,
      all: { ...settings, aliases: [...free, name] },
    }),
  );
  const { differences, kept, removal, needsRestart, warnings, error } = result;
  const lost = (settings.aliases ?? []).filter((alias) => alias !== name && !free.includes(alias));
  const all = [...lost.map(droppedAlias), ...dropped];
  const step: ForeignStep = { ...NO_STEP, name, instance, differences, kept, removal, dropped: all };
  if (error !== null) {
    const why = remedied(error, taken.model);
    return isUpdate ? { ...step, action: 'update', error: why } : { ...step, warnings: [`cannot be compared: ${why}`] };
  }
  if (!isUpdate) return step;
  return { ...step, action: differences.length === 0 ? 'nothing' : 'update', warnings, needsRestart };
}

type Settings = Omit<CreateInstance, 'name'>;

/** Repeats an attempt without the settings that the server refuses, if the instance can do without them. */
async function withoutRefused<Result extends Attempt>(
  given: Settings,
  attempt: (settings: Settings) => Promise<Result>,
): Promise<{ settings: Settings; dropped: DroppedText[]; result: Result }> {
  const dropped: DroppedText[] = [];
  for (let settings = given; ;) {
    const result = await attempt(settings);
    if (result.error === null) return { settings, dropped, result };
    let rest: typeof settings = settings;
    // From the last one, because removing an argument moves those after it.
    for (const { path, message } of result.problems.toReversed()) {
      const without = withoutSetting(rest, path);
      if (without === null) continue;
      rest = without;
      dropped.push({ text: path, why: message });
    }
    if (rest === settings) return { settings, dropped, result };
    settings = rest;
  }
}

/** A refusal with the command that gets the model, if the machine lacks it. */
function remedied(error: string, model: string | undefined): string {
  const isMissing = model !== undefined && error.includes('this machine has no such model');
  return isMissing ? `its model is not on this machine; run llamactl pull ${model}, then this command again` : error;
}

/** The engine of most instances, which goes without saying. */
const LLAMA_CPP = 'llama_cpp';
/** Longer values are not shown. */
const LONGEST_VALUE = 40;

function settingWords({ options = {}, environment = {}, ...others }: Omit<CreateInstance, 'name'>): string[] {
  const { engine = LLAMA_CPP, model_path: file, command, extra_args: words, aliases, ...plain } = others;
  const word = ([key, value]: [string, unknown]): string => {
    const text = String(value);
    return text.length > LONGEST_VALUE ? key : `${key}=${text}`;
  };
  return [
    ...Object.entries({ model_path: file, command, aliases }).flatMap(([key, value]) => (value ? [key] : [])),
    ...Object.entries({ ...(engine !== LLAMA_CPP && { engine }), ...options, ...plain }).map(word),
    ...(words === undefined || words.length === 0 ? [] : [words.join(' ')]),
    // Values may be secret.
    ...Object.keys(environment).map((key) => `environment.${key}`),
  ];
}
