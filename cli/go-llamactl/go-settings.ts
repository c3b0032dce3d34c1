import type { CreateInstance, DroppedText } from '@llamactl/client';
import { parametersOfOllama } from '@llamactl/contract/ollama-options';
import { isRecord } from '@llamactl/contract/record';
import { type CustomEngine, modelOf, otherBackend } from './other-backends.ts';

type Settings = Omit<CreateInstance, 'name'>;

/** A model of Hugging Face's hub. */
export interface HubModel {
  /** `org/repo`, with or without a quant. */
  repository: string;
  /** The name of the file in the repository; empty: unknown. */
  file: string;
}

/** The settings of an instance of the Go llamactl, as this llamactl has them. */
export interface GoSettings {
  settings: Settings;
  dropped: DroppedText[];
  /** The model of the hub, of an instance without a model file; `null`: it has a file, or no model. */
  hub: HubModel | null;
  /** Its backend, if that needs a custom engine that the configuration lacks; `null`: it does not. */
  missing: string | null;
  /** Why no instance can be made of it; `null`: one can. */
  obstacle: string | null;
}

/** Options of a backend that the new instance never has, and why. */
const BACKEND_OPTIONS_ALONE: ReadonlyMap<string, string> = new Map([
  ['host', 'engines listen on loopback'],
  ['api_key', 'each run gets a random key'],
  ['api_key_file', 'each run gets a random key'],
  ['hf_token', 'llamactl downloads models with models.hf_token of its configuration'],
]);

/** The name of the local node, unless its configuration has another. */
const LOCAL_NODE = 'main';
/** Seconds, by default. */
const RESTART_DELAY = 5;

/** Addresses of this machine only. */
export const LOOPBACK: ReadonlySet<unknown> = new Set(['127.0.0.1', 'localhost', '::1']);

/** Whether an option of a backend says nothing: engines are on loopback here too. */
function isPlain(key: string, value: unknown): boolean {
  return key === 'host' && LOOPBACK.has(value);
}

/** The words for a port that the instance does not keep. */
export function automaticPort(port: number): string {
  return `backend_options.port ${port} → automatic`;
}

const NOT_ITS_TYPE = 'has a value of another type than in the Go llamactl';

/**
 * Translates the `options` of an instance of the Go llamactl. Pure. Settings that only a server can judge, such as an option
 * that its engine lacks, are taken over.
 *
 * @param engines Custom engines, for instances of other backends than llama.cpp.
 * @param hasLoadMode Whether the engine has the option `load_mode`, which replaced `no_mmap` and `mlock`.
 */
export function goSettings(
  options: Readonly<Record<string, unknown>>,
  hasLoadMode: boolean,
  engines: readonly CustomEngine[] = [],
): GoSettings {
  const { backend_type: backend = 'llama_cpp', backend_options: given, nodes, ...others } = options;
  const node = foreignNode(nodes);
  if (node !== null) return { ...NONE, obstacle: elsewhere(node) };
  if (backend !== 'llama_cpp') return otherSettings(String(backend), isRecord(given) ? given : {}, others, engines);
  const dropped: DroppedText[] = [];
  const { hub, ...backendOnes } = backendSettings(isRecord(given) ? given : {}, hasLoadMode, dropped);
  const settings: Settings = { engine: 'llama_cpp', ...backendOnes, ...instanceSettings(others, dropped) };
  const hasModel = hub !== null || settings.model_path !== undefined;
  return { settings, dropped, hub, missing: null, obstacle: hasModel ? null : NO_MODEL };
}

const NONE: GoSettings = { settings: {}, dropped: [], hub: null, missing: null, obstacle: null };

/** The settings for a custom engine of the configuration that runs the program of the backend. */
function otherSettings(
  name: string,
  given: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, unknown>>,
  engines: readonly CustomEngine[],
): GoSettings {
  const backend = otherBackend(name);
  if (backend === null) return { ...NONE, obstacle: obstacleOf(name) };
  const { program } = backend;
  const engine = engines.find((each) => each.program === program);
  if (engine === undefined)
    return { ...NONE, missing: name, obstacle: `no custom engine of the configuration runs ${program}` };
  const dropped: DroppedText[] = [];
  const { hub: _none, model_path: model, ...own } = backendSettings(given, false, dropped);
  if (model === undefined) return { ...NONE, obstacle: NO_MODEL };
  const named = modelOf(backend, engine, model);
  const options = { ...named.options, ...own.options };
  const words = [...(own.extra_args ?? []), ...(named.extra_args ?? [])];
  const { served_model_name: served } = given;
  return {
    ...NONE,
    dropped,
    settings: {
      ...own,
      ...named,
      ...(typeof served === 'string' && served !== '' && { upstream_model: served }),
      ...(Object.keys(options).length > 0 && { options }),
      ...(words.length > 0 && { extra_args: words }),
      ...instanceSettings(others, dropped),
    },
  };
}

/** The node of an instance, if it is another machine. */
function foreignNode(nodes: unknown): string | null {
  const named = Array.isArray(nodes) ? nodes.map(String) : [];
  return named.length === 0 || named.includes(LOCAL_NODE) ? null : named.join(', ');
}

function elsewhere(node: string): string {
  return `it runs on the node ${node}; import it there, or if that is this machine, remove "nodes" from the file`;
}

const NO_MODEL = 'it names no model (router mode); create an instance for each of its models';

function obstacleOf(backend: string): string {
  return `its backend ${backend} has no counterpart; a custom engine may run it (docs/engines.md#custom-engines)`;
}

function instanceSettings(options: Readonly<Record<string, unknown>>, dropped: DroppedText[]): Settings {
  const settings: Settings = {};
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === '') continue;
    const why = assign(settings, key, value);
    if (why !== null) dropped.push({ text: key, why });
  }
  // The Go llamactl never evicts an instance without an idle timeout. Nothing would start this one again.
  const isLost = settings.on_demand === false && (settings.idle_timeout ?? 0) === 0;
  return isLost ? { ...settings, pinned: true } : settings;
}

/** Translates one setting. Returns why it is not taken; `null`: it is, or it has no effect. */
function assign(settings: Settings, key: string, value: unknown): string | null {
  switch (key) {
    case 'auto_restart':
    case 'on_demand_start':
      if (typeof value !== 'boolean') return NOT_ITS_TYPE;
      settings[key === 'auto_restart' ? key : 'on_demand'] = value;
      return null;
    case 'max_restarts':
    case 'idle_timeout':
      if (typeof value !== 'number') return NOT_ITS_TYPE;
      // There, a negative number means 0, and an idle timeout is in minutes.
      settings[key] = Math.max(0, value) * (key === 'idle_timeout' ? 60 : 1);
      return null;
    case 'environment':
      if (!isOfStrings(value)) return NOT_ITS_TYPE;
      if (Object.keys(value).length > 0) settings.environment = value;
      return null;
    case 'command_override':
      if (typeof value !== 'string') return NOT_ITS_TYPE;
      settings.command = [value];
      return null;
    case 'restart_delay':
      return value === RESTART_DELAY ? null : 'the pauses between restarts are 1, 2, 4 … 60 seconds';
    case 'docker_enabled':
      return value === true
        ? 'it runs outside a container now; a custom engine runs one (docs/engines.md#in-a-container)'
        : null;
    default:
      return 'is not known';
  }
}

function backendSettings(
  given: Readonly<Record<string, unknown>>,
  hasLoadMode: boolean,
  dropped: DroppedText[],
): Pick<Settings, 'model_path' | 'aliases' | 'options' | 'extra_args'> & Pick<GoSettings, 'hub'> {
  const { model, hf_repo: repository, hf_file: file, alias, extra_args: extra, no_mmap, mlock, ...others } = given;
  const drop = (key: string, why: string): void => void dropped.push({ text: `backend_options.${key}`, why });
  const options = hasLoadMode ? loadMode(no_mmap === true, mlock === true) : {};
  for (const [key, value] of Object.entries(hasLoadMode ? others : { ...others, no_mmap, mlock })) {
    // The Go llamactl passes only other values to the engine.
    if (!value || (Array.isArray(value) && value.length === 0) || isPlain(key, value)) continue;
    const why = BACKEND_OPTIONS_ALONE.get(key);
    if (why !== undefined) drop(key, why);
    // The Go llamactl chose it. NAME stands for the name of the instance.
    else if (key === 'port' && typeof value === 'number')
      dropped.push({
        text: automaticPort(value),
        why: `llamactl chooses a free port; llamactl update NAME --port ${value} keeps it`,
      });
    else if (isOptionValue(value)) options[key] = value;
    else drop(key, 'is no option of an engine');
  }
  const words = isOfStrings(extra)
    ? Object.entries(extra).flatMap(([flag, value]) => [`--${flag}`, ...(value === '' ? [] : [value])])
    : [];
  if (extra !== undefined && extra !== null && !isOfStrings(extra)) drop('extra_args', NOT_ITS_TYPE);
  // llama-server separates several by commas.
  const aliases = typeof alias === 'string' ? alias.split(',').flatMap((each) => each.trim() || []) : [];
  const isFile = typeof model === 'string' && model !== '';
  const isOfHub = typeof repository === 'string' && repository !== '';
  if (isFile && isOfHub) drop('hf_repo', 'the instance has a model file');
  return {
    hub: !isFile && isOfHub ? { repository, file: typeof file === 'string' ? file : '' } : null,
    ...(isFile && { model_path: model }),
    ...(aliases.length > 0 && { aliases: [...new Set(aliases)] }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(words.length > 0 && { extra_args: words }),
  };
}

type Options = NonNullable<Settings['options']>;

function loadMode(isUnmapped: boolean, isLocked: boolean): Options {
  const { options } = parametersOfOllama({
    ...(isUnmapped && { use_mmap: false }),
    ...(isLocked && { use_mlock: true }),
  });
  return Object.fromEntries(Object.entries(options).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

function isOptionValue(value: unknown): value is Options[string] {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string' || typeof item === 'number');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isOfStrings(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'string');
}
