import type { CreateInstance, InstanceCreated, InstanceSummary, InstanceUpdated, Model } from '@llamactl/client';
import { hasNameInOllama, modelsCalled } from '@llamactl/contract/model-names';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import { existsSync } from 'node:fs';
import { shellQuoted } from '../../format/shell-words.ts';
import { ofModel } from '../chat/model-instance.ts';
import { bodyOf, newInstanceOf, takenNames } from '../chat/new-instance.ts';
import { type OllamaSettings, ollamaSettings } from '../chat/ollama-settings.ts';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { missingName } from '../missing-name.ts';
import { Problem } from '../problem.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { replacement } from './ollama-replacement.ts';
import { modelCalled, scannedModels } from './server-models.ts';
import { attempted } from './tried-create.ts';

/** The step of an import for one model of Ollama, planned or done. */
export interface ImportStep {
  /** As Ollama names it: `qwen3:8b`. */
  model: string;
  /** Its instance; `null`: it gets none. */
  instance: string | null;
  /**
   * `file`: it gets the file that the model has now, and keeps its settings; `nothing`: it stays as it is; `skip`: the
   * model cannot be loaded.
   */
  action: 'create' | 'update' | 'file' | 'nothing' | 'skip';
  /** Settings that come from Ollama, in words: `system prompt`, `temperature`, `ctx_size=8192`. */
  settings: string[];
  /** Settings that an update adds, replaces or removes, in words. */
  added: string[];
  changed: string[];
  removed: string[];
  /** Options of the engine that stay although Ollama has none of them for the model. */
  kept: string[];
  /** With `nothing`: the model has another file now. `gone`: the file of the instance does not exist. */
  outdated: 'newer' | 'gone' | null;
  /** With `nothing`: it has the file of the model, and an update would change other settings. */
  differs: boolean;
  /** Parameters of Ollama without a counterpart. */
  unused: string[];
  warnings: string[];
  /** Its engine runs, and uses the update only after a restart. */
  needsRestart: boolean;
  /** Why the step failed, or the model is skipped; `null`: neither. */
  error: string | null;
}

export interface ImportOptions {
  /** Names in Ollama; empty: all. */
  names: readonly string[];
  isDryRun: boolean;
  /** Instances that exist get the file that Ollama has now; the one with a name of the model also gets its settings. */
  isUpdate: boolean;
}

/** Makes stopped instances of models in Ollama's folder, one after the other. @throws {Problem} when a model is not there */
export async function importOllama(session: Session, options: ImportOptions): Promise<ImportStep[]> {
  const { client, signal } = session;
  const { models } = await scannedModels(client, signal);
  const instances = await client.listInstances({ signal });
  const wanted = await wantedModels(
    options.names,
    models.filter(({ source }) => source === 'ollama'),
    instances,
  );
  const taken = takenNames(instances);
  const steps: ImportStep[] = [];
  for (const model of wanted) {
    const done = await importModel(session, model, { ...options, instances, taken });
    // A dry run changes nothing, so no engine needs a restart.
    steps.push(...(options.isDryRun ? done.map((step) => ({ ...step, needsRestart: false })) : done));
  }
  return steps;
}

async function wantedModels(
  names: readonly string[],
  models: readonly Model[],
  instances: readonly InstanceSummary[],
): Promise<Model[]> {
  const found = names.map((name) => modelCalled(name, models) ?? name);
  const missing = found.find((each) => typeof each === 'string');
  const deleted = missing === undefined ? null : deletedModel(missing, instances);
  if (deleted !== null) throw deleted;
  if (models.length === 0) {
    throw new Problem('the server has found no models of Ollama', EXIT.notFound, [
      'it looks in ~/.ollama/models and /usr/share/ollama/.ollama/models, or in OLLAMA_MODELS of its environment',
      'its user must be able to read the folder, and models.sources.ollama must not be false',
    ]);
  }
  if (missing !== undefined) {
    const known = models.map(({ name }) => name);
    const tagged = known.find((name) => name.toLowerCase().startsWith(`${missing.toLowerCase()}:`));
    if (tagged !== undefined)
      throw new Problem(`there is no model of Ollama ${missing}; did you mean ${tagged}?`, EXIT.notFound);
    throw await missingName({ kind: 'model of Ollama', word: missing, names: known, list: 'to list: llamactl models' });
  }
  const all = found.filter((each) => typeof each !== 'string');
  return names.length === 0 ? [...models] : [...new Set(all)];
}

/** The error for a model that instances name, and Ollama no longer has. `null`: no instance names it. */
function deletedModel(word: string, instances: readonly InstanceSummary[]): Problem | null {
  const wanted = [nameInOllama(word.toLowerCase())];
  const left = instances.filter(
    ({ model, model_path: file = '' }) => model !== undefined && isOllamaBlob(file) && hasNameInOllama(model, wanted),
  );
  if (left.length === 0) return null;
  const name = nameInOllama(word);
  return new Problem(`Ollama no longer has ${name}`, EXIT.notFound, [
    `to bring it back: ollama pull ${shellQuoted(name)}, then this command again`,
    `or to delete what is left of it here: llamactl rm ${left.map((each) => each.name).join(' ')}`,
  ]);
}

interface Surroundings extends ImportOptions {
  instances: readonly InstanceSummary[];
  /** Names and aliases of instances. Grows with each new instance. */
  taken: string[];
}

async function importModel(session: Session, model: Model, surroundings: Surroundings): Promise<ImportStep[]> {
  const idle: ImportStep = { ...NOTHING, model: model.name };
  if (model.problems.length > 0) return [{ ...idle, action: 'skip', error: model.problems.join('; ') }];
  const { instances, isUpdate } = surroundings;
  const present = ofModel(instances, model);
  const others = instances.filter((each) => each !== present && hasOldFile(each, model));
  if (!isUpdate) {
    const existing = [...(present === null ? [] : [present]), ...others];
    const isCurrent = present !== null && !hasOldFile(present, model);
    const differing = isCurrent && !(await compared(session, present.name, model)).isSame ? present : null;
    const steps = existing.map((each): ImportStep => {
      const outdated = hasOldFile(each, model) ? outdatedFile(session, each) : null;
      return { ...idle, instance: each.name, outdated, differs: each === differing };
    });
    return present === null ? [await create(session, model, surroundings), ...steps] : steps;
  }
  const first =
    present !== null
      ? [await update(session, present.name, model, surroundings)]
      : others.length === 0
        ? [await create(session, model, surroundings)]
        : [];
  const files: ImportStep[] = [];
  for (const { name, model: called = model.id } of others) {
    const step: ImportStep = { ...idle, action: 'file', instance: name };
    files.push(
      await carriedOut(step, () => session.client.updateInstance(name, { model: called }, call(session, surroundings))),
    );
  }
  return [...first, ...files];
}

const NOTHING: Omit<ImportStep, 'model'> = {
  instance: null,
  action: 'nothing',
  settings: [],
  added: [],
  changed: [],
  removed: [],
  kept: [],
  outdated: null,
  differs: false,
  unused: [],
  warnings: [],
  needsRestart: false,
  error: null,
};

/** Whether an instance names the model, and has a file that the model no longer has. */
function hasOldFile({ model: called, model_path: file }: InstanceSummary, model: Model): boolean {
  return called !== undefined && file !== model.path && modelsCalled(called, [model]).length > 0;
}

/** An instance, the settings that Ollama has for its model, and their difference. */
async function compared({ client, signal }: Session, name: string, model: Model) {
  const [ofOllama, instance] = await Promise.all([
    ollamaSettings(client, model.id, signal),
    client.getInstance(name, { signal }),
  ]);
  const wanted = { model: newInstanceOf(model, model.name).settings.model, ...ofOllama.settings };
  return { ofOllama, instance, ...replacement(instance, wanted, 'model') };
}

function outdatedFile({ client }: Session, { model_path: file }: InstanceSummary): 'newer' | 'gone' {
  const isGone = file !== undefined && isOwnAddress(client.url) && !existsSync(file);
  return isGone ? 'gone' : 'newer';
}

function call({ signal }: Session, { isDryRun }: ImportOptions): { signal: AbortSignal; dry_run?: true } {
  return { signal, ...(isDryRun && { dry_run: true }) };
}

async function create(session: Session, model: Model, surroundings: Surroundings): Promise<ImportStep> {
  const { client, signal } = session;
  const ofOllama = await ollamaSettings(client, model.id, signal);
  const { title, settings } = newInstanceOf(model, model.name);
  const { taken } = surroundings;
  const body = bodyOf({ title, settings: { ...settings, ...withEmbeddings(ofOllama, model) } }, taken);
  const step: ImportStep = { ...stepFor(model, ofOllama), action: 'create', instance: body.name };
  const done = await carriedOut(step, () => client.createInstance(body, call(session, surroundings)));
  if (done.error === null) taken.push(body.name, ...(body.aliases ?? []));
  return done;
}

async function update(session: Session, name: string, model: Model, surroundings: Surroundings): Promise<ImportStep> {
  const { ofOllama, instance, patch, added, removed, changed, kept, isSame } = await compared(session, name, model);
  const replaced = { added, changed, removed, kept };
  const step: ImportStep = { ...stepFor(model, ofOllama), action: 'update', instance: name, ...replaced };
  const done = await carriedOut(step, () => session.client.updateInstance(name, patch, call(session, surroundings)));
  const isOfFile = instance.model !== undefined && instance.model_path === model.path;
  const { needsRestart, error } = done;
  // The update looks for the adapter and the projector of the model again, which only show if the engine runs.
  const isAsBefore = isSame && isOfFile && error === null && needsRestart === instance.restart_required;
  return isAsBefore ? { ...NOTHING, model: model.name, instance: name, needsRestart } : done;
}

function stepFor(model: Model, ofOllama: OllamaSettings): ImportStep {
  const { unused, messages } = ofOllama;
  const warnings = messages === null ? [] : [messages];
  return { ...NOTHING, model: model.name, settings: settingWords(ofOllama), unused, warnings };
}

/** Carries out a step; a refusal of the server, also one that a dry run foresees, is its error. */
async function carriedOut(
  step: ImportStep,
  act: () => Promise<InstanceCreated | InstanceUpdated>,
): Promise<ImportStep> {
  const { answer, warnings, error } = await attempted(act);
  const needsRestart = answer?.instance.restart_required ?? false;
  return { ...step, warnings: [...step.warnings, ...warnings], needsRestart, error };
}

/** A model that only computes embeddings does so only with this option. */
function withEmbeddings({ settings }: OllamaSettings, { capabilities }: Model): Partial<CreateInstance> {
  const isForEmbeddings = capabilities.includes('embeddings') && !capabilities.includes('chat');
  return isForEmbeddings ? { ...settings, options: { ...settings.options, embeddings: true } } : settings;
}

function settingWords({
  settings: { system_prompt: prompt, request_defaults: defaults = {}, options = {} },
}: OllamaSettings): string[] {
  return [
    ...(prompt === undefined ? [] : ['system prompt']),
    ...Object.keys(defaults),
    ...Object.entries(options).map(([key, value]) => `${key}=${String(value)}`),
  ];
}
