import type { CreateInstance, InstanceSummary, Model } from '@llamactl/client';
import { ofModel } from '../chat/model-instance.ts';
import { bodyOf, newInstanceOf, takenNames } from '../chat/new-instance.ts';
import { type OllamaSettings, ollamaSettings } from '../chat/ollama-settings.ts';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { missingName } from '../missing-name.ts';
import { Problem } from '../problem.ts';
import { modelCalled, scannedModels } from './server-models.ts';

/** The step of an import for one model of Ollama, planned or done. */
export interface ImportStep {
  /** As Ollama names it: `qwen3:8b`. */
  model: string;
  /** Its instance; `null`: it gets none. */
  instance: string | null;
  /** `nothing`: it has an instance; `skip`: it cannot be loaded. */
  action: 'create' | 'update' | 'nothing' | 'skip';
  /** Settings that come from Ollama, in words: `system prompt`, `temperature`, `ctx_size=8192`. */
  settings: string[];
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
  /** Instances that exist get the file, system prompt and parameters that Ollama has now. */
  isUpdate: boolean;
}

/** Makes stopped instances of models in Ollama's folder, one after the other. @throws {Problem} when a model is not there */
export async function importOllama(session: Session, options: ImportOptions): Promise<ImportStep[]> {
  const { client, signal } = session;
  const { models } = await scannedModels(client, signal);
  const wanted = await wantedModels(
    options.names,
    models.filter(({ source }) => source === 'ollama'),
  );
  const instances = await client.listInstances({ signal });
  const taken = takenNames(instances);
  const steps: ImportStep[] = [];
  for (const model of wanted) {
    const step = await importModel(session, model, { ...options, instances, taken });
    steps.push(step);
  }
  return steps;
}

async function wantedModels(names: readonly string[], models: readonly Model[]): Promise<Model[]> {
  if (models.length === 0) {
    throw new Problem('the server has found no models of Ollama', EXIT.notFound, [
      'it looks in ~/.ollama/models and /usr/share/ollama/.ollama/models, or in OLLAMA_MODELS of its environment',
      'its user must be able to read the folder, and models.sources.ollama must not be false',
    ]);
  }
  const found = names.map((name) => modelCalled(name, models) ?? name);
  const missing = found.find((each) => typeof each === 'string');
  if (missing !== undefined) {
    const known = models.map(({ name }) => name);
    throw await missingName({ kind: 'model of Ollama', word: missing, names: known, list: 'to list: llamactl models' });
  }
  const all = found.filter((each) => typeof each !== 'string');
  return names.length === 0 ? [...models] : [...new Set(all)];
}

interface Surroundings extends ImportOptions {
  instances: readonly InstanceSummary[];
  /** Names and aliases of instances. Grows with each new instance. */
  taken: string[];
}

async function importModel(
  { client, signal }: Session,
  model: Model,
  { isDryRun, isUpdate, instances, taken }: Surroundings,
): Promise<ImportStep> {
  const idle = {
    model: model.name,
    instance: null,
    settings: [],
    unused: [],
    warnings: [],
    needsRestart: false,
    error: null,
  };
  if (model.problems.length > 0) return { ...idle, action: 'skip', error: model.problems.join('; ') };
  const present = ofModel(instances, model);
  if (present !== null && !isUpdate) return { ...idle, action: 'nothing', instance: present.name };
  const ofOllama = await ollamaSettings(client, model.id, signal);
  const { title, settings } = newInstanceOf(model, model.name);
  const body = bodyOf({ title, settings: { ...settings, ...withEmbeddings(ofOllama, model) } }, taken);
  const name = present?.name ?? body.name;
  const step = { ...idle, instance: name, settings: settingWords(ofOllama), unused: ofOllama.unused };
  const action = present === null ? 'create' : 'update';
  const call = { signal, ...(isDryRun && { dry_run: true }) };
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const change = { model: settings.model, ...ofOllama.settings };
    const { warnings = [], instance } =
      action === 'create' ? await client.createInstance(body, call) : await client.updateInstance(name, change, call);
    taken.push(name, ...(body.aliases ?? []));
    return { ...step, action, warnings, needsRestart: !isDryRun && instance.restart_required };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    return { ...step, action, error: error.message };
  }
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
