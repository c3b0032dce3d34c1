import { z } from 'zod';
import { DURATION, durationSeconds } from './duration.ts';
import { INSTANCE_CAPABILITIES } from './instance.ts';
import { RequestDefaultsSchema, SystemPromptSchema } from './request-additions.ts';

const SECONDS = 'must be seconds, or a time such as 90s, 10m or 1h30m';

/** A duration: a number of seconds, or a text with units: `90`, `"15m"`, `"24h"`, `"7d"`. */
const DurationSchema = z
  .union([z.number().positive(), z.string().regex(DURATION, 'must be seconds or a number with s, m, h or d')])
  .meta({ description: 'Seconds, or a number with s, m, h or d.' });

/** 3650 days, in seconds: longer than any log-in needs, and its end is still a date that every client can read. */
const LONGEST_LIFETIME = 3_650 * 86_400;

/** How long a credential lasts. 0 would lock out all accounts. */
const LifetimeSchema = DurationSchema.refine((duration) => {
  const seconds = durationSeconds(duration);
  return seconds >= 1 && seconds <= LONGEST_LIFETIME;
}, 'must be at least 1 second and at most 3650 days');

/** In the description of the API: the texts that a change of the configuration may send for a number of seconds. */
const DURATION_MARK = { 'x-duration': DURATION.source };

/** A time of at least `least` and at most `most` seconds. Takes a {@link DURATION} too, and makes seconds of it. */
function seconds(least: number, { most, rule = SECONDS }: { most?: number; rule?: string } = {}) {
  const limits = most === undefined ? z.number().min(least) : z.number().min(least).max(most);
  return z
    .union([
      // Only for the schema of editors: a union of limited numbers would report the error of its text.
      z.number().meta({ minimum: least, ...(most !== undefined && { maximum: most }) }),
      z.string({ error: ({ input }) => (input === undefined ? undefined : rule) }).regex(DURATION, rule),
    ])
    .transform(durationSeconds)
    .pipe(limits.meta(DURATION_MARK));
}

/** Most entries of a list. A longer list is one problem; its entries are not checked. */
const MOST_ENTRIES = 1_000;

const HostSchema = z.string().min(1).max(255);
const PortSchema = z.int().min(1).max(65_535);

/** Ports above 1023 that browsers and other HTTP clients refuse: the "bad ports" of the Fetch standard. */
const REFUSED_PORTS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);
/** Base address of a server that models come from. */
export const EndpointSchema = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with https:// or http://' })
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url === null || (url.username + url.password === '' && url.search === '' && url.hash === '');
  }, 'must have no user name, password, ? or #');

const TextMapSchema = z.record(z.string(), z.string());

const AddressOrNetworkSchema = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Whether a text is an entry of `trusted_proxies`: an IP address, or a network such as `10.0.0.0/8`. */
export function isProxyEntry(text: string): boolean {
  return AddressOrNetworkSchema.safeParse(text).success;
}

const ProxySchema = z.string().refine(isProxyEntry, 'must be an IP address or a network such as 10.0.0.0/8');

const PortRangeSchema = z
  .tuple([PortSchema, PortSchema])
  .refine(([first, last]) => first <= last, 'must go from the lower to the higher port');

/** The settings of an engine that llamactl knows by name. */
const knownEngine = (command: string, args: string[] = []) =>
  z
    .strictObject({
      command: z.string().min(1).default(command).describe('Program: a name on PATH, or a path.'),
      args: z.array(z.string()).max(MOST_ENTRIES).default(args).describe('Arguments before those of the instance.'),
      environment: TextMapSchema.default({}).describe('Variables in addition to those that engines inherit.'),
    })
    .prefault({});

/** The variable for an engine's key. It must not be one that llamactl sets itself. */
const KeyVariableSchema = z
  .string()
  .regex(
    /^(?!(?:HOST|PORT|PATH|LLAMACTL_\w*)$)[A-Za-z_][A-Za-z0-9_]*$/,
    'must be the name of a variable that llamactl does not set otherwise, such as VLLM_API_KEY',
  );

/** An engine that llamactl does not know: any program that speaks HTTP. */
export const CustomEngineSchema = z.strictObject({
  kind: z.literal('custom'),
  command: z
    .string()
    .min(1)
    .describe('Program; llamactl replaces `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`.'),
  args: z
    .array(
      z
        .string()
        .refine(
          (word) => !/^-+\$\{/.test(word),
          'must not begin with dashes and a placeholder: a caller could then choose the flag',
        ),
    )
    .max(MOST_ENTRIES)
    .default([])
    .describe('llamactl replaces the same placeholders, and `${API_KEY}`: the random key of the run.'),
  environment: TextMapSchema.default({}),
  health_path: z.string().startsWith('/').default('/health'),
  api_key_env: KeyVariableSchema.optional().describe(
    'Variable from which the engine reads the random key of each run.',
  ),
  capabilities: z
    .array(z.enum(INSTANCE_CAPABILITIES))
    .max(INSTANCE_CAPABILITIES.length)
    .optional()
    .describe('Kinds of requests that it answers; left out: unknown.'),
});
export type CustomEngine = z.infer<typeof CustomEngineSchema>;

const GroupSchema = z.strictObject({
  max_running: z.int().min(0).optional().describe('Instances of the group that may run at the same time; 0: no limit.'),
  exclusive: z.boolean().optional().describe('While one of the group runs, no others do, except pinned ones.'),
  pinned: z
    .boolean()
    .optional()
    .describe('Instances of the group are never stopped for others, nor because they are idle.'),
});

/** An exbibyte. */
const MOST_MEGABYTES = 2 ** 40;
/** Names of devices, as estimates have them. */
const DEVICE_NAME = /^(?:ram|[a-z]+:\d+|GPU-[0-9a-fA-F-]+)$/;
const DEVICE_ERROR = 'must be named ram, VENDOR:NUMBER, such as nvidia:0, or by its UUID, such as GPU-8932f937-…';

/** The memory of one device that instances share. */
const MemoryDeviceSchema = z.strictObject({
  limit_mb: z
    .int()
    .min(0)
    .max(MOST_MEGABYTES)
    .optional()
    .describe('Most MiB of the device for all instances together. Not set: all but reserve_mb.'),
});

/** Values for the requests of the instances that name it. */
const PresetSchema = z.strictObject({
  request_defaults: RequestDefaultsSchema.optional(),
  system_prompt: SystemPromptSchema.optional(),
});

const HTTP_URL = 'must be an http or https URL, such as https://host.example';
const WEBHOOK = 'URL to which alerts are posted.';

const EnginesSchema = z
  .object({
    llama_cpp: knownEngine('llama-server'),
    vllm: knownEngine('vllm', ['serve']),
    mlx: knownEngine('mlx_lm.server'),
  })
  .catchall(CustomEngineSchema);

/**
 * The configuration file, with every key and its default. `llamactl.example.yaml` shows the same for people; a test
 * compares the two. Unknown keys are errors, except under `groups`, `presets` and `engines`, where the user chooses the names.
 */
export const ConfigSchema = z.strictObject({
  server: z
    .strictObject({
      host: HostSchema.refine((host) => !/^[^:]*:\d+$/.test(host), 'has a port; that is another key, server.port')
        .default('127.0.0.1')
        .describe('Address to listen on; any other than loopback requires auth.enabled.'),
      port: PortSchema.refine(
        (port) => !REFUSED_PORTS.has(port),
        'is a port that browsers and other HTTP clients refuse; choose another, such as 8080',
      )
        .default(8080)
        .describe('Port of the API and the gateway.'),
      base_path: z
        .string()
        .startsWith('/')
        .default('/')
        .describe('Path under which everything answers, for a reverse proxy that passes it on.'),
      public_url: z
        .union([z.literal(''), z.url()])
        .default('')
        .describe('URL under which browsers reach llamactl, if not http://host:port.'),
      allowed_hosts: z
        .array(HostSchema)
        .max(MOST_ENTRIES)
        .default([])
        .describe('More host names under which browsers may reach llamactl.'),
      allowed_origins: z
        .array(z.url())
        .max(MOST_ENTRIES)
        .default([])
        .describe('More origins, such as https://chat.example.com, whose pages may use the API.'),
      trusted_proxies: z
        .array(ProxySchema)
        .max(MOST_ENTRIES)
        .default([])
        .describe('Addresses of reverse proxies whose X-Forwarded-For is trusted.'),
    })
    .prefault({}),
  data_dir: z.string().min(1).default('~/.local/share/llamactl').describe('State, logs and secrets; mode 0700.'),
  auth: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Accounts and keys; off: every caller is an administrator.'),
      token_ttl: LifetimeSchema.default('24h').describe(
        'How long a token lasts without a refresh: seconds, or a number with s, m, h or d.',
      ),
      session_ttl: LifetimeSchema.default('30d').describe(
        'How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d.',
      ),
      inference: z
        .enum(['required', 'open'])
        .default('required')
        .describe('Whether /v1 needs a key while accounts are on.'),
    })
    .prefault({}),
  security: z
    .strictObject({
      allow_privileged: z
        .boolean()
        .default(false)
        .describe(
          'Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file.',
        ),
    })
    .prefault({}),
  rate_limit: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Limit requests to the API, per caller.'),
      regular: z.int().min(1).default(100).describe('Ordinary requests per minute.'),
      intensive: z
        .int()
        .min(1)
        .default(10)
        .describe('Expensive requests per minute: start, restart, apply, download, log-in.'),
    })
    .prefault({}),
  instances: z
    .strictObject({
      port_range: PortRangeSchema.default([8100, 9999]).describe('Ports for instances without a `port`.'),
      max_running: z.int().min(0).default(0).describe('Instances that may run at the same time; 0: no limit.'),
      idle_timeout: seconds(0, { rule: `${SECONDS}; 0 means never` })
        .default(0)
        .describe('Seconds without a request after which an instance stops; 0: never. An instance can override it.'),
      start_timeout: seconds(1)
        .default(600)
        .describe('Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails.'),
      stop_timeout: seconds(0, { most: 86_400 })
        .default(30)
        .describe('How many seconds in-flight requests may take to finish.'),
      auto_restart: z
        .boolean()
        .default(true)
        .describe('Restart an engine that was ready and died. An instance can override it.'),
      max_restarts: z
        .int()
        .min(-1)
        .default(5)
        .describe('Restarts in a row before an instance counts as failed; -1: no limit.'),
    })
    .prefault({}),
  groups: z.record(z.string(), GroupSchema).default({}).describe('Groups of instances that share a limit, by name.'),
  memory: z
    .strictObject({
      admission: z
        .enum(['auto', 'off'])
        .default('auto')
        .describe('auto: a start waits until the memory that it needs is free; off: memory limits no start.'),
      reserve_mb: z.int().min(0).max(MOST_MEGABYTES).default(1_024).describe('MiB of each device for other programs.'),
      devices: z
        .record(z.string().regex(DEVICE_NAME, DEVICE_ERROR), MemoryDeviceSchema)
        .default({})
        .describe(
          'Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together.',
        ),
      overcommit: z.number().min(0.1).max(100).default(1).describe('Factor of the memory of each device.'),
    })
    .prefault({}),
  presets: z
    .record(z.string(), PresetSchema)
    .default({})
    .describe('Values for the requests of instances that name the preset, by name.'),
  engines: EnginesSchema.prefault({}),
  models: z
    .strictObject({
      dirs: z
        .array(z.string())
        .max(MOST_ENTRIES)
        .default(['~/models'])
        .describe('Folders in which to look for model files.'),
      sources: z
        .strictObject({
          hugging_face: z.boolean().default(true).describe("Scan the cache of Hugging Face's programs for models."),
          llama_cpp: z.boolean().default(true).describe('Scan the older cache of llama.cpp.'),
          ollama: z.boolean().default(true).describe('Scan the models of Ollama.'),
          lm_studio: z.boolean().default(true).describe('Scan the models of LM Studio.'),
        })
        .prefault({})
        .describe('Folders of other programs that are scanned for models, where they exist.'),
      cache_dir: z
        .string()
        .default('')
        .describe('Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself.'),
      download_limit_mb: z.number().min(0).default(0).describe('Megabytes per second of all downloads; 0: no limit.'),
      hf_endpoint: EndpointSchema.default('https://huggingface.co').describe(
        'Server on which models are searched, and from which they are downloaded.',
      ),
      hf_token: z
        .string()
        .default('')
        .describe(
          'Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login.',
        ),
      modelscope_endpoint: EndpointSchema.default('https://www.modelscope.cn').describe(
        'ModelScope, for references that begin with ms:.',
      ),
      ollama_endpoint: EndpointSchema.default('https://registry.ollama.ai').describe(
        'The registry of Ollama, for references that begin with ollama:.',
      ),
      docker_endpoint: EndpointSchema.default('https://registry-1.docker.io').describe(
        'The registry of Docker Hub, for references that begin with docker:.',
      ),
    })
    .prefault({}),
  logs: z
    .strictObject({
      max_size_mb: z.number().min(1).default(100).describe('Megabytes at which the log of an engine is rotated.'),
      max_total_mb: z.number().min(1).default(500).describe('Megabytes of all kept logs of one instance.'),
    })
    .prefault({}),
  contexts: z
    .strictObject({
      max_total_mb: z
        .number()
        .min(0)
        .default(4_096)
        .describe('Megabytes of all saved contexts; the oldest are removed first. 0: none is saved.'),
    })
    .prefault({})
    .describe('Saved contexts of instances with `keep_context: auto`.'),
  stats: z
    .strictObject({
      interval: seconds(0.1).default(2).describe('Seconds between two measurements of running engines.'),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      loading_keepalive: seconds(0)
        .default(15)
        .describe('Seconds between the comments that keep a stream open while it waits for its model; 0: none.'),
      aliases_in_models: z.boolean().default(false).describe('List aliases in GET /v1/models too.'),
      body_memory_mb: z
        .number()
        .min(1)
        .default(256)
        .describe('MiB for request bodies that are read to find their model.'),
      max_in_flight: z
        .int()
        .min(0)
        .default(0)
        .describe('Requests to /v1 at once from one client address without an account; 0: no limit.'),
      requests_per_minute: z
        .int()
        .min(0)
        .default(0)
        .describe('Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit.'),
      tokens_per_minute: z
        .int()
        .min(0)
        .default(0)
        .describe('Tokens in any 60 seconds for one client address without an account; 0: no limit.'),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      webhook: z
        .union([z.literal(''), z.url({ protocol: /^https?$/, error: HTTP_URL })])
        .default('')
        .describe(WEBHOOK),
      command: z
        .array(z.string())
        .max(MOST_ENTRIES)
        .default([])
        .describe('Program to run for each alert, with its arguments.'),
    })
    .prefault({}),
});

/** The configuration with every default filled in. */
export type Config = z.infer<typeof ConfigSchema>;

/** The source of one configuration value. */
export const ConfigSourceSchema = z
  .object({
    from: z.enum(['default', 'file', 'environment', 'flag']),
    name: z.string().optional().describe('Name of the variable or the flag.'),
    line: z.int().optional().describe('Line in the file.'),
  })
  .meta({ id: 'ConfigSource' });
export type ConfigSource = z.infer<typeof ConfigSourceSchema>;

/** The rules of one configuration value. */
export const ConfigRulesSchema = z
  .object({
    effect: z
      .enum(['reload', 'restart', 'none'])
      .describe(
        'The event after which a change counts: a reload, or only a restart of llamactl; `none`: no event in this version.',
      ),
    secret: z.boolean().describe('Whether answers hide it as `"***"`.'),
    locked: z.string().nullable().describe('Why a request cannot change it, as a sentence; `null`: it can.'),
  })
  .meta({ id: 'ConfigRules' });
export type ConfigRules = z.infer<typeof ConfigRulesSchema>;

/** The configuration in an answer. A secret is `"***"`, so `alerts.webhook` need not be a URL. */
const ShownConfigSchema = ConfigSchema.extend({
  alerts: ConfigSchema.shape.alerts.unwrap().extend({ webhook: z.string().describe(WEBHOOK) }),
});

/** Answer of `GET /config`. */
export const ConfigViewSchema = z
  .object({
    config: ShownConfigSchema.describe(
      'As written now; it takes effect at the next reload or start. Secrets are `"***"`.',
    ),
    sources: z.record(z.string(), ConfigSourceSchema).describe('By dotted key: `server.port`.'),
    rules: z.record(z.string(), ConfigRulesSchema).describe('By the same keys as `sources`.'),
    file: z.string().nullable().describe('Path of the configuration file; `null`: no file.'),
    restart_required: z.boolean().describe('Whether the running llamactl uses other values.'),
    pending: z.array(z.string()).describe('The keys that differ.'),
    problem: z
      .string()
      .optional()
      .describe('Why the current file is unusable; `config` then shows the values that llamactl runs with.'),
  })
  .meta({ id: 'ConfigView' });
export type ConfigView = z.infer<typeof ConfigViewSchema>;

/** Body of `PUT /config`, a part of the configuration. Sections merge, lists and values are replaced, `null` restores the default. */
export const ConfigPatchSchema = z
  .looseObject({})
  .describe('A part of the configuration. `"***"` keeps a secret, `null` restores the default.')
  .meta({ id: 'ConfigPatch' });
export type ConfigPatch = z.infer<typeof ConfigPatchSchema>;

/** Answer of `PUT /config`. */
export const ConfigWrittenSchema = z
  .object({
    message: z.string(),
    restart_required: z.boolean(),
    changed: z.array(z.string()).describe('The keys that this request changed.'),
    config: ShownConfigSchema,
  })
  .meta({ id: 'ConfigWritten' });
export type ConfigWritten = z.infer<typeof ConfigWrittenSchema>;

/**
 * Keys that are accepted and checked, but have no effect in this version. Setting one prints a warning. Remove a key when
 * it takes effect.
 */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'engines.vllm.command',
  'engines.vllm.args',
  'engines.vllm.environment',
  'engines.mlx.command',
  'engines.mlx.args',
  'engines.mlx.environment',
]);

/** Keys that a reload keeps: a change takes effect when the server stops and starts again. */
export const KEPT_BY_RELOAD: ReadonlySet<string> = new Set(['server.host', 'server.port', 'data_dir']);
