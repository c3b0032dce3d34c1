import type { JsonValue } from '@llamactl/client';
import { isGoConfiguration } from '@llamactl/contract/foreign-format';
import { isRecord } from '@llamactl/contract/record';
import { type Dropped, LOOPBACK } from './go-settings.ts';
import { ADDRESS, otherBackend } from './other-backends.ts';

type Values = Readonly<Record<string, unknown>>;
type Section = Record<string, JsonValue>;

/** The part of a configuration of the Go llamactl that this llamactl has too. */
export interface GoConfiguration {
  /** The same settings, for our configuration file. */
  configuration: Record<string, Section>;
  dropped: Dropped[];
}

const KEYS = 'keys are made by llamactl keys create NAME, never in a file';

/** Settings whose counterpart is no setting, and the way to have them. Others are named without a reason. */
const WITHOUT_COUNTERPART: ReadonlyMap<string, string> = new Map([
  ['server.enable_swagger', '/docs is always served'],
  ['instances.default_on_demand_start', 'on_demand of an instance; its default is true'],
  ['server.allowed_origins', 'the same, but each origin by name: "*" is refused'],
  ['instances.enable_lru_eviction', 'pinned: true of an instance prevents its evictions'],
  ['data_dir', 'choose another folder than that of the Go llamactl'],
  ['auth.management_keys', `${KEYS}; with --scope admin`],
  ['auth.inference_keys', KEYS],
]);

/** Settings that move: the section and key here. */
const MOVED: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['server.port', ['server', 'port']],
  ['server.host', ['server', 'host']],
  ['auth.require_management_auth', ['auth', 'enabled']],
  ['instances.port_range', ['instances', 'port_range']],
  ['instances.max_running_instances', ['instances', 'max_running']],
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
  if (!isRecord(values) || !isGoConfiguration(values)) return null;
  const { backends, ...others } = values;
  const dropped: Dropped[] = [];
  const configuration: GoConfiguration['configuration'] = {};
  const put = (section: string, key: string, value: JsonValue): void => {
    configuration[section] = { ...configuration[section], [key]: value };
  };
  const drop = (setting: string): void => {
    dropped.push({ setting, why: WITHOUT_COUNTERPART.get(setting) ?? 'has no counterpart' });
  };
  for (const [section, content] of Object.entries(others)) {
    if (!isRecord(content)) drop(section);
    else
      for (const [key, value] of Object.entries(content)) {
        const setting = `${section}.${key}`;
        const moved = MOVED.get(setting);
        // A negative number means no limit there.
        if (moved !== undefined && isPlain(value))
          put(...moved, typeof value === 'number' ? Math.max(0, value) : value);
        else if (setting === 'auth.require_inference_auth')
          put('auth', 'inference', value === false ? 'open' : 'required');
        else if (setting === 'server.allowed_origins' && Array.isArray(value)) {
          const named = value.filter((origin) => typeof origin === 'string' && origin !== '*');
          if (named.length > 0) put('server', 'allowed_origins', named);
          if (named.length < value.length) drop(setting);
        } else drop(setting);
      }
  }
  // The server does not listen for other machines without accounts; the Go llamactl wants a key for management by default.
  const host = configuration['server']?.['host'] ?? '127.0.0.1';
  const isManaged = isRecord(others['auth']) && others['auth']['require_management_auth'] !== false;
  if (!LOOPBACK.has(host) || isManaged) put('auth', 'enabled', true);
  for (const [name, backend] of Object.entries(isRecord(backends) ? backends : {})) {
    const engine = isRecord(backend) ? engineOf(name, backend) : null;
    if (engine === null) drop(`backends.${name}`);
    else put('engines', ...engine);
  }
  return { configuration, dropped };
}

/** The engine of a backend; `null`: it has no counterpart, such as one in a container. */
function engineOf(name: string, { command, args, environment, docker }: Values): [string, Section] | null {
  if (typeof command !== 'string' || (isRecord(docker) && docker['enabled'] === true)) return null;
  const words = Array.isArray(args) ? args.map(String) : [];
  const variables = isRecord(environment)
    ? Object.entries(environment).map(([key, value]) => [key, String(value)])
    : [];
  const rest = variables.length === 0 ? {} : { environment: Object.fromEntries(variables) as Section };
  if (name === 'llama-cpp') return ['llama_cpp', { command, ...(words.length > 0 && { args: words }), ...rest }];
  const other = otherBackend(BACKENDS.get(name));
  if (other === null) return null;
  const key = other.keyVariable === null ? {} : { api_key_env: other.keyVariable };
  return [other.id, { kind: 'custom', command, args: [...words, ...ADDRESS], ...key, ...rest }];
}

function isPlain(value: unknown): value is string | number | boolean | number[] {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'number');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
