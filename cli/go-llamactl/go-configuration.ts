import { isDeepStrictEqual } from 'node:util';
import type { DroppedText, JsonValue } from '@llamactl/client';
import { isGoConfiguration } from '@llamactl/contract/foreign-format';
import { isRecord } from '@llamactl/contract/record';
import { LOOPBACK } from './go-settings.ts';
import { engineSection, otherBackend } from './other-backends.ts';

type Values = Readonly<Record<string, unknown>>;
type Section = Record<string, JsonValue>;

/** The part of a configuration of the Go llamactl that this llamactl has too. */
export interface GoConfiguration {
  /** The same settings, for our configuration file. */
  configuration: Record<string, Section>;
  dropped: DroppedText[];
}

const KEYS = 'keys are made by llamactl keys create NAME, never in a file';

/** Settings whose counterpart is no setting, and the way to have them. Others are named without a reason. */
const WITHOUT_COUNTERPART: ReadonlyMap<string, string> = new Map([
  ['server.enable_swagger', '/docs is always served'],
  ['server.allowed_headers', 'each origin of server.allowed_origins may send all headers'],
  ['server.allowed_origins', 'the same, but each origin by name: "*" is refused'],
  ['server.response_headers', 'a reverse proxy can add headers'],
  ['instances.default_on_demand_start', 'on_demand of an instance; its default is true'],
  ['instances.default_restart_delay', 'the pauses between restarts are 1, 2, 4 … 60 seconds'],
  ['instances.enable_lru_eviction', 'pinned: true of an instance prevents its evictions'],
  ['instances.logs_dir', 'logs are in data_dir'],
  ['instances.configs_dir', 'instances are in data_dir'],
  ['instances.instances_dir', 'instances are in data_dir'],
  ['data_dir', 'choose another folder than that of the Go llamactl'],
  ['database', 'the database is in data_dir'],
  ['nodes', 'a server has the instances of its own machine'],
  ['auth.management_keys', `${KEYS}; with --scope admin`],
  ['auth.inference_keys', KEYS],
]);

/** Values that mean the same as no setting here: the defaults of the Go llamactl. */
const SAME_HERE: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['server.enable_swagger', true],
  ['server.allowed_headers', ['*']],
  ['instances.auto_create_dirs', true],
  ['instances.default_on_demand_start', true],
  ['instances.default_restart_delay', 5],
  ['instances.enable_lru_eviction', true],
  ['instances.log_rotation_enabled', true],
  ['instances.max_instances', -1],
  ['instances.timeout_check_interval', 5],
  ['local_node', 'main'],
]);

/** Whether a value says nothing. */
function isSameHere(setting: string, value: unknown): boolean {
  const isEmpty = value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
  return isEmpty || isDeepStrictEqual(SAME_HERE.get(setting), value);
}

/** Settings that move: the section and key here. */
const MOVED: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['server.port', ['server', 'port']],
  ['server.host', ['server', 'host']],
  ['auth.require_management_auth', ['auth', 'enabled']],
  ['instances.port_range', ['instances', 'port_range']],
  ['instances.max_running_instances', ['instances', 'max_running']],
  ['instances.default_idle_timeout', ['instances', 'idle_timeout']],
  ['instances.default_auto_restart', ['instances', 'auto_restart']],
  ['instances.default_max_restarts', ['instances', 'max_restarts']],
  ['instances.on_demand_start_timeout', ['instances', 'start_timeout']],
]);

/** Backends in a configuration, by their names in an instance. */
const BACKENDS: ReadonlyMap<string, string> = new Map([
  ['vllm', 'vllm'],
  ['mlx', 'mlx_lm'],
]);

/** Translates a configuration of the Go llamactl. Pure. `null`: the values are none. */
export function goConfiguration(values: unknown): GoConfiguration | null {
  if (!isRecord(values) || !(isGoConfiguration(values) || hasOnlyItsSections(values))) return null;
  const { backends, ...others } = values;
  const dropped: DroppedText[] = [];
  const configuration: GoConfiguration['configuration'] = {};
  const put = (section: string, key: string, value: JsonValue): void => {
    configuration[section] = { ...configuration[section], [key]: value };
  };
  const drop = (text: string, why = WITHOUT_COUNTERPART.get(text) ?? 'has no counterpart'): void => {
    dropped.push({ text, why });
  };
  for (const [section, content] of Object.entries(others)) {
    if (isSameHere(section, content)) continue;
    if (!isRecord(content) || WITHOUT_COUNTERPART.has(section)) drop(section);
    else
      for (const [key, value] of Object.entries(content)) {
        const setting = `${section}.${key}`;
        const moved = MOVED.get(setting);
        // A negative number means no limit there.
        if (moved !== undefined && isPlain(value))
          put(...moved, typeof value === 'number' ? Math.max(0, value) * (MINUTES.has(setting) ? 60 : 1) : value);
        else if (setting === 'auth.require_inference_auth')
          put('auth', 'inference', value === false ? 'open' : 'required');
        else if (setting === 'server.allowed_origins' && Array.isArray(value)) {
          const named = value.filter((origin) => typeof origin === 'string' && origin !== '*');
          if (named.length > 0) put('server', 'allowed_origins', named);
          if (named.length < value.length) drop(setting);
        } else if (!isSameHere(setting, value)) drop(setting);
      }
  }
  // The server does not listen for other machines without accounts; the Go llamactl wants a key for management by default.
  const host = configuration['server']?.['host'] ?? '127.0.0.1';
  const isManaged = isRecord(others['auth']) && others['auth']['require_management_auth'] !== false;
  if (!LOOPBACK.has(host) || isManaged) put('auth', 'enabled', true);
  for (const [name, backend] of Object.entries(isRecord(backends) ? backends : {})) {
    if (isSameHere(name, backend)) continue;
    const engine = isRecord(backend) ? engineOf(name, backend) : NO_ENGINE;
    if (typeof engine === 'string') drop(`backends.${name}`, engine);
    else put('engines', ...engine);
  }
  return { configuration, dropped };
}

const NO_ENGINE = 'has no counterpart; a custom engine may run it (docs/engines.md#custom-engines)';
const IN_CONTAINER =
  'runs in a container there; here a custom engine whose command is docker run does (docs/engines.md#in-a-container)';
/** Settings in minutes, which are in seconds here. */
const MINUTES: ReadonlySet<string> = new Set(['instances.default_idle_timeout']);
const SECTIONS: ReadonlySet<string> = new Set([
  'server',
  'backends',
  'instances',
  'database',
  'auth',
  'local_node',
  'nodes',
  'data_dir',
]);

/** Whether a file has sections of the Go llamactl alone. Ours has them too, so this counts only where a person says which it is. */
function hasOnlyItsSections(values: Values): boolean {
  const sections = Object.keys(values);
  const hasList = Array.isArray(values['instances']);
  return sections.length > 0 && !hasList && sections.every((section) => SECTIONS.has(section));
}

/** The engine of a backend, or why it has no counterpart. */
function engineOf(name: string, { command, args, environment, docker }: Values): [string, Section] | string {
  if (isRecord(docker) && docker['enabled'] === true) return IN_CONTAINER;
  const isLlama = name === 'llama-cpp';
  const other = otherBackend(BACKENDS.get(name));
  if (!isLlama && other === null) return NO_ENGINE;
  const program = typeof command === 'string' ? command : (other?.program ?? 'llama-server');
  const words = Array.isArray(args) ? args.map(String) : (other?.words ?? []);
  const variables = isRecord(environment)
    ? Object.entries(environment).map(([key, value]) => [key, String(value)])
    : [];
  const rest = variables.length === 0 ? {} : { environment: Object.fromEntries(variables) as Section };
  if (other === null)
    return ['llama_cpp', { command: program, ...(words.length > 0 && { args: [...words] }), ...rest }];
  const [id, section] = engineSection({ ...other, program, words });
  return [id, { ...section, ...rest }];
}

function isPlain(value: unknown): value is string | number | boolean | number[] {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'number');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
