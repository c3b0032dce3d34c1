import { z } from 'zod';
import { CauseSchema } from './cause.ts';
import { DURATION, durationSeconds } from './duration.ts';
import { LoadSchema } from './load.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { ModelSchema } from './model.ts';
import { PhraseSchema } from './phrases.ts';
import { RefusedStartSchema } from './refused-start.ts';
import { RequestDefaultsSchema, SystemPromptSchema } from './request-additions.ts';
import { StatsSchema } from './stats.ts';

/** Every status of an instance; docs/architecture.md explains each. */
export const STATUSES = ['stopped', 'starting', 'running', 'stopping', 'restarting', 'failed'] as const;
export const StatusSchema = z
  .enum(STATUSES)
  .describe(
    '`running`: the engine answered its health check. `restarting`: stopping in order to start again, or waiting for the backoff. `failed`: llamactl gave up; `reason` says why.',
  )
  .meta({ id: 'Status' });
export type Status = z.infer<typeof StatusSchema>;

/** Names that would collide with collection routes. */
export const RESERVED_NAMES: readonly string[] = ['start-all', 'stop-all', 'restart-all', 'delete-all', 'batch'];

const NUL = String.fromCharCode(0);
const withoutNul = (text: string): boolean => !text.includes(NUL);
const plainText = z.string().refine(withoutNul, 'must not hold a NUL character');

/** The message for a name of another form. */
export const NAME_RULE =
  'must start with a letter or digit and hold at most 63 letters, digits, dots, underscores and dashes';

export const NameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, NAME_RULE)
  .refine((name) => !RESERVED_NAMES.includes(name.toLowerCase()), 'is reserved')
  .describe('Unique without regard to case; only `rename` changes it.');

const AliasSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(200, 'must be at most 200 characters')
  .regex(/^[^\p{C}\p{Z}]+$/u, 'must be printable, without spaces');

/** Most entries of a list in the settings. A longer list is one problem; its entries are not checked. */
const MOST_ENTRIES = 1_000;

/** A number of an option. Beyond 2^53 the JSON parser may have lost digits, so the number could not be echoed as sent. */
const optionNumber = z
  .number()
  .refine(
    (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
    'is too large to stay exact: write it as a string',
  );

const OptionScalarSchema = z.union([plainText, optionNumber, z.boolean()], {
  error: 'must be a string, a number, true, false or a list of strings and numbers',
});

/** The value of one engine option. Answers echo it as sent. */
export const OptionValueSchema = z.union(
  [
    OptionScalarSchema,
    z
      .array(z.union([plainText, optionNumber], { error: 'must be a string or a number' }))
      .min(1)
      .max(MOST_ENTRIES),
  ],
  {
    error: 'must be a string, a number, true, false or a list of strings and numbers',
  },
);
export type OptionValue = z.infer<typeof OptionValueSchema>;

const OptionKeySchema = z
  .string()
  .regex(/^[a-z][a-z0-9_.]*$/, "must be the engine's long flag in snake_case, for example `ctx_size`");

export const OptionsSchema = z
  .record(OptionKeySchema, OptionValueSchema)
  .describe(
    "The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag.",
  )
  .meta({ id: 'Options' });
export type Options = z.infer<typeof OptionsSchema>;

/** 31 days, in seconds. */
const LONGEST_IDLE_SECONDS = 2_678_400;
/** The rule for an idle timeout, for people who write `5m`, or -1 for never. */
const IDLE_SECONDS = 'must be a number of seconds, such as 300; 0 means never';

/** Names the number of seconds for a spelling of the command line, such as `10m`. */
function idleError({ input }: { input?: unknown }): string | undefined {
  if (input === undefined) return undefined;
  const isDuration = typeof input === 'string' && input.length < 20 && DURATION.test(input);
  return isDuration ? `must be a number of seconds: ${durationSeconds(input)}, not "${input}"` : IDLE_SECONDS;
}

/** How many requests may wait for an instance without a `queue_limit`. */
export const DEFAULT_QUEUE_LIMIT = 1_000;

const PortSchema = z.int().min(1).max(65_535);
const EnvironmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a variable name: letters, digits and underscores');

/** Whether an engine's computed prompts outlive its stop. */
export const KeepContextSchema = z.enum(['off', 'auto']);
export type KeepContext = z.infer<typeof KeepContextSchema>;

const settings = {
  engine: z.string().min(1).describe('`llama_cpp`, `custom`, or the name of a custom engine in the configuration.'),
  model_path: plainText
    .min(1)
    .max(4_096)
    .regex(
      /^[^-@]/,
      'must not begin with `-` or `@`: an engine could read it as a flag; write it with its folder, as in `./-x`',
    )
    .describe('The model file. It need not exist until the instance starts.'),
  model: plainText
    .min(1)
    .max(512)
    .regex(/^\S(?:.*\S)?$/, 'must not begin or end with a space')
    .describe(
      'A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two.',
    ),
  port: PortSchema.describe('Left out: llamactl chooses one from `instances.port_range`.'),
  options: OptionsSchema,
  extra_args: z
    .array(plainText)
    .max(MOST_ENTRIES)
    .describe('Passed to the engine unchanged, after `options`, which they override.'),
  environment: z
    .record(EnvironmentNameSchema, plainText)
    .describe('Environment variables of the engine. `"***"` in an update keeps the stored value.'),
  command: z.array(plainText.min(1)).min(1).max(MOST_ENTRIES).describe("Replaces the engine's command. Privileged."),
  health_path: plainText
    .max(2_048)
    .regex(/^\/[^\s]*$/, 'must be a path that starts with `/`')
    .describe('Path that answers 200 when the engine is ready. Default `/health`.'),
  aliases: z
    .array(AliasSchema)
    .max(MOST_ENTRIES)
    .describe('More names by which requests under `/v1` can select the instance.'),
  unlisted: z.boolean().describe('Hide the instance from `GET /v1/models`.'),
  auto_start: z.boolean().describe('After a reboot of the machine, start the instance if it was meant to run.'),
  auto_restart: z
    .boolean()
    .describe('Restart the engine if it dies after it was ready. Default: `instances.auto_restart`.'),
  max_restarts: z
    .int()
    .min(-1)
    .describe('Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`.'),
  on_demand: z.boolean().describe('A request under `/v1` starts the instance if it is stopped. Default true.'),
  idle_timeout: z
    .number({ error: idleError })
    .min(0, IDLE_SECONDS)
    .max(LONGEST_IDLE_SECONDS)
    .describe(
      'Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.',
    ),
  pinned: z.boolean().describe('Never evict the instance or stop it because it is idle.'),
  group: z.string().min(1).max(63).describe('Group whose limits apply; `groups` in the configuration defines them.'),
  concurrency: z
    .int()
    .min(1)
    .max(100_000)
    .describe('Most requests that the engine gets at once; others wait. Default: no limit.'),
  queue_limit: z
    .int()
    .min(0)
    .max(100_000)
    .describe('Most requests that may wait; llamactl refuses further ones. Default 1 000.'),
  upstream_model: plainText
    .min(1)
    .max(4_096)
    .describe('Replaces the `model` of each request before the engine gets it.'),
  request_defaults: RequestDefaultsSchema.describe(
    'Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.',
  ),
  request_strip: z
    .array(z.string().min(1))
    .max(MOST_ENTRIES)
    .describe('Fields that llamactl removes from JSON bodies under `/v1`.'),
  system_prompt: SystemPromptSchema.describe(
    'System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`.',
  ),
  preset: z
    .string()
    .min(1)
    .max(63)
    .describe(
      'Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.',
    ),
  isolated: z
    .boolean()
    .describe(
      'Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false.',
    ),
  keep_context: KeepContextSchema.describe(
    '`auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`.',
  ),
};

const optionalSettings = z.object(settings).partial().shape;

/** Body of `POST /instances`. */
export const CreateInstanceSchema = z
  .strictObject({ name: NameSchema, ...optionalSettings })
  .meta({ id: 'CreateInstance' });
export type CreateInstance = z.infer<typeof CreateInstanceSchema>;

/** Each setting may also be `null`, which removes it. */
type Nullish<Shape extends z.ZodRawShape> = { [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>> };

const nullish = <Shape extends Record<string, z.ZodType>>(shape: Shape): Nullish<Shape> =>
  Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [key, z.optional(z.nullable(bare(schema)).describe(about(schema)))]),
  ) as Nullish<Shape>;

/** The description of a schema. */
function about({ description = '' }: z.ZodType): string {
  return description;
}

/** A schema without its description, which moves to the schema around it. */
function bare(schema: z.ZodType): z.ZodType {
  return schema.meta({ description: undefined });
}

/** A schema of a setting in an answer, with the description of that setting. */
const shown = <Schema extends z.ZodType>(key: keyof typeof settings, schema: Schema): Schema =>
  schema.describe(about(settings[key]));

/** Body of `PUT /instances/{name}`, a merge patch (RFC 7396). Absent: unchanged. `null`: removed. Objects merge key by key. */
export const UpdateInstanceSchema = z
  .strictObject({
    ...nullish(settings),
    name: z.string().optional().describe('Must be the current name; `rename` changes it.'),
    options: z
      .record(OptionKeySchema, OptionValueSchema.nullable())
      .nullish()
      .describe(`${about(OptionsSchema)} Merged key by key; \`null\` removes an option.`),
    environment: z
      .record(EnvironmentNameSchema, plainText.nullable())
      .nullish()
      .describe(`${about(settings.environment)} Merged name by name; \`null\` removes a variable.`),
  })
  .meta({ id: 'UpdateInstance' });
export type UpdateInstance = z.infer<typeof UpdateInstanceSchema>;

export const TimestampSchema = z.iso.datetime().describe('RFC 3339, UTC.');

/** How the last run ended. */
export const LastExitSchema = z
  .object({
    code: z.int().nullable().describe('Exit status; 128 + n for signal n; `null`: unknown.'),
    signal: z
      .string()
      .nullable()
      .describe('The signal that ended the engine, such as `SIGKILL`; `null`: none or unknown.'),
    at: TimestampSchema,
    reason: z.string().describe('Why the run ended, in one sentence.'),
    cause: CauseSchema.nullable().describe('`null`: it was stopped, so nothing was wrong.'),
    phrase: PhraseSchema.optional().describe('`reason` as data; absent: no kind of phrase.'),
    lines: z.array(z.string()).max(20).describe("The engine's last lines of output."),
  })
  .meta({ id: 'LastExit' });
export type LastExit = z.infer<typeof LastExitSchema>;

/** The saved context of an instance. */
export const KeptContextSchema = z
  .object({
    tokens: z.int().describe('Tokens of all saved conversations.'),
    bytes: z.int().describe('Size of their files.'),
    saved_at: TimestampSchema.describe('When the newest of them was saved.'),
    reuse: z
      .object({
        at: TimestampSchema,
        restored: z.int().describe('Tokens that were restored at that start.'),
        reused: z
          .int()
          .describe("Tokens of the first request's prompt that the engine did not compute again; its `cache_n`."),
      })
      .nullable()
      .describe('The last measured use after a restore; `null`: none was measured.'),
  })
  .meta({ id: 'KeptContext' });
export type KeptContext = z.infer<typeof KeptContextSchema>;

/** The memory of an instance on one device. */
const InstanceMemorySchema = z
  .object({
    device: z.string().describe('`ram`, or a GPU: `nvidia:0`.'),
    need: LongIntegerSchema.describe(
      'Bytes that count as held by its run: weights, cache and computation, and a margin.',
    ),
    source: z
      .enum(['measured', 'projected', 'estimated'])
      .describe('`measured`: by an earlier run; `projected`: the engine reported it; `estimated`: from the files.'),
  })
  .meta({ id: 'InstanceMemory' });
export type InstanceMemory = z.infer<typeof InstanceMemorySchema>;
/** Kinds of requests that instances answer. */
export const INSTANCE_CAPABILITIES = ['chat', 'embeddings', 'rerank', 'vision', 'audio', 'image', 'tools'] as const;
const InstanceCapabilitySchema = z.enum(INSTANCE_CAPABILITIES).meta({ id: 'InstanceCapability' });
export type InstanceCapability = z.infer<typeof InstanceCapabilitySchema>;

/** A model, as a list of instances describes it. */
export const ModelInfoSchema = ModelSchema.pick({
  id: true,
  name: true,
  quantization: true,
  size: true,
  context: true,
}).meta({
  id: 'ModelInfo',
});
export type ModelInfo = z.infer<typeof ModelInfoSchema>;

const summary = {
  name: z.string().describe(about(NameSchema)),
  status: StatusSchema,
  engine: shown('engine', z.string()),
  model: z.string().optional().describe('As it was given; absent: the instance was given a `model_path`.'),
  model_path: z.string().optional().describe('Absent for an engine without a model file.'),
  model_info: ModelInfoSchema.nullable().describe(
    'The model of this file in `GET /models`; `null`: the file is none of them.',
  ),
  capabilities: z
    .array(InstanceCapabilitySchema)
    .describe(
      'Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or model.',
    ),
  context_size: z
    .int()
    .nullable()
    .describe('Tokens that one request may have, prompt and answer together; `null`: unknown.'),
  slots: z.int().nullable().describe('How many requests its engine computes at once; `null`: unknown.'),
  port: PortSchema.describe('Loopback port of its engine.'),
  running_port: PortSchema.nullable().describe(
    'Port of the running engine, which differs from `port` after a change until the next start; `null`: none runs.',
  ),
  aliases: shown('aliases', z.array(z.string())),
  unlisted: shown('unlisted', z.boolean()),
  on_demand: shown('on_demand', z.boolean()),
  group: shown('group', z.string().optional()),
  pinned: z.boolean().describe('The setting. Members of a pinned group are pinned too.'),
  restart_count: z.int().describe('Automatic restarts in a row; back to 0 after running for five minutes.'),
  restart_required: z
    .boolean()
    .describe('Whether the running engine was launched with other settings than the stored ones.'),
  in_flight: z.int().describe('Requests that its engine works on.'),
  waiting: z.int().describe('Requests that wait for its start, a slot or their turn.'),
  tokens_per_second: z
    .number()
    .describe('Tokens of streamed answers that its engine generates, per second, over the last two seconds.'),
  last_used_at: TimestampSchema.nullable().describe('When its last request ended; `null`: unknown, or none has ended.'),
  waits_for: z
    .array(z.string())
    .describe(
      'The instances that must stop, or free memory, before it can start; `another instance` for those that the caller may not see. Empty: it does not wait for a slot or for memory.',
    ),
  load: LoadSchema.nullable().describe('Progress of its start; `null` exactly when it is not `starting`.'),
  ready_at: TimestampSchema.nullable().describe(
    'When the current engine became ready; `null`: it is not, or none runs.',
  ),
  last_load_seconds: z
    .number()
    .nullable()
    .describe('Seconds from the spawn of its engine until it was ready, at its last start; `null`: unknown.'),
  reason: z.string().nullable().describe('Why the instance failed or restarts; `null`: neither.'),
  cause: CauseSchema.optional().describe('The cause in `reason`; absent: it has none.'),
  phrase: PhraseSchema.optional().describe('`reason` as data; absent: no kind of phrase.'),
  refused: RefusedStartSchema.nullable().describe(
    'The last start that was refused since its status or settings changed, or why a start of a stopped instance would be refused, as found by a look after each scan of models; `null`: neither.',
  ),
  memory: z
    .array(InstanceMemorySchema)
    .optional()
    .describe('The memory that it holds on each device; absent: it does not run, or its need is unknown.'),
  started_at: TimestampSchema.nullable().describe(
    'When the process of the current run started; `null`: no process runs.',
  ),
  created_at: TimestampSchema,
  updated_at: TimestampSchema,
};

/** An instance in a list. */
export const InstanceSummarySchema = z
  .object({
    ...summary,
    stats: StatsSchema.nullable().describe(
      'The last measurement, at most `stats.interval` old; `null`: no process runs, or it was not measured yet.',
    ),
  })
  .meta({ id: 'InstanceSummary' });
export type InstanceSummary = z.infer<typeof InstanceSummarySchema>;

/** An instance with all its fields. */
export const InstanceSchema = z
  .object({
    ...summary,
    newer_model_path: z
      .string()
      .optional()
      .describe(
        'The file that `model` names now, if it is another than `model_path`: the library has a newer version, which an update with `model` takes. Otherwise absent.',
      ),
    pid: z.int().nullable().describe("The engine's own process; `null` exactly when no process runs."),
    options: OptionsSchema,
    extra_args: shown('extra_args', z.array(z.string())),
    environment: z.record(z.string(), z.string()).describe('Environment variables of the engine; secrets are `"***"`.'),
    command: shown('command', z.array(z.string()).optional()),
    health_path: shown('health_path', z.string().optional()),
    auto_start: shown('auto_start', z.boolean()),
    auto_restart: z.boolean().describe('The setting, or the default of the configuration.'),
    max_restarts: z.int().describe('The setting, or the default of the configuration.'),
    idle_timeout: z.number().describe('The setting, or the default of the configuration.'),
    concurrency: z.int().optional().describe('Absent: no limit.'),
    queue_limit: shown('queue_limit', z.int()),
    upstream_model: shown('upstream_model', z.string().optional()),
    request_defaults: shown('request_defaults', RequestDefaultsSchema),
    request_strip: shown('request_strip', z.array(z.string())),
    system_prompt: shown('system_prompt', z.string().optional()),
    preset: shown('preset', z.string().optional()),
    isolated: shown('isolated', z.boolean()),
    keep_context: shown('keep_context', KeepContextSchema),
    context: KeptContextSchema.nullable().describe('The saved context; `null`: none.'),
    last_exit: LastExitSchema.nullable().describe('How the last run ended; `null`: no run has ended.'),
    effective_command: z.array(z.string()).describe('The argv of the current or the next run; secrets are masked.'),
    stats: StatsSchema.nullable().describe('Measured now; `null` exactly when no process runs.'),
  })
  .meta({ id: 'Instance' });
export type Instance = z.infer<typeof InstanceSchema>;

export const InstanceListSchema = z.object({ instances: z.array(InstanceSummarySchema) }).meta({ id: 'InstanceList' });

export const MessageSchema = z.object({ message: z.string() }).meta({ id: 'Message' });

/** Answer of start, stop and restart, with the new status. */
export const LifecycleSchema = z.object({ message: z.string(), status: StatusSchema }).meta({ id: 'Lifecycle' });
export type Lifecycle = z.infer<typeof LifecycleSchema>;

/** Body of stop and restart. */
export const StopBodySchema = z
  .strictObject({
    force: z.boolean().optional().describe('Send SIGKILL at once, even while a normal stop drains. Default false.'),
    timeout: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .describe('How many seconds in-flight requests may take to finish. Default `instances.stop_timeout`.'),
  })
  .meta({ id: 'StopBody' });
export type StopBody = z.infer<typeof StopBodySchema>;

/** Body of `POST /instances/{name}/rename`. */
export const RenameInstanceSchema = z
  .strictObject({ name: NameSchema.describe('The new name; unique without regard to case.') })
  .meta({ id: 'RenameInstance' });

/** Body of start-all and stop-all. */
export const NamesBodySchema = z
  .strictObject({ names: z.array(z.string()).max(1_000).optional().describe('Only these instances.') })
  .meta({ id: 'NamesBody' });

/** Body of restart-all and delete-all. */
export const NamedBodySchema = z
  .strictObject({ names: z.array(z.string()).min(1).max(1_000).describe('The instances.') })
  .meta({ id: 'NamedBody' });

/** Answer of operations on several instances. Each instance has its own result: one failure does not stop the others. */
export const BatchSchema = z
  .object({
    message: z.string(),
    results: z.array(
      z.object({
        name: z.string(),
        status: StatusSchema.nullable().describe('`null`: no such instance exists, or it was deleted.'),
        error: z.string().optional(),
        code: z.string().optional().describe('The code that `error` would have as an answer; absent: none.'),
      }),
    ),
  })
  .meta({ id: 'BatchResult' });
export type Batch = z.infer<typeof BatchSchema>;
