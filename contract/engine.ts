import { z } from 'zod';
import { CreateInstanceSchema } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';
import { JsonValueSchema } from './request-additions.ts';

/** One option of an engine, as instances give it in `options`. */
export const EngineOptionSchema = z
  .object({
    key: z.string().describe('Its name in `options`, in snake_case. An engine may accept other names too.'),
    flags: z.array(z.string()).describe('The spellings on the command line of the engine, long ones first.'),
    type: z
      .enum(['switch', 'number', 'text', 'choice', 'list'])
      .describe('The kind of its value. `number` and `text` may accept words that only `description` lists.'),
    default: z
      .string()
      .nullable()
      .describe(
        "The default in the words of the engine's help: `4096`, `auto`, `same as --threads`; `null`: not given.",
      ),
    choices: z
      .array(z.string())
      .nullable()
      .describe('All allowed values of a `choice`, or of the items of a `list`; `null`: the help does not list them.'),
    group: z.string().nullable().describe("The section of the engine's help: `common`, `sampling`; `null`: none."),
    description: z.string().describe("The text of the engine's help, on one line."),
    variables: z.array(z.string()).describe('Environment variables of the engine that set it.'),
    guard: z
      .object({ kind: z.enum(['reserved', 'privileged']), why: z.string() })
      .nullable()
      .describe('Why instances may not set it, or only with `security.allow_privileged`; `null`: it is free.'),
  })
  .meta({ id: 'EngineOption' });
export type EngineOption = z.infer<typeof EngineOptionSchema>;

export const EngineOptionListSchema = z
  .object({
    options: z.array(EngineOptionSchema).describe("In the order of the engine's help; empty if they are unknown."),
    problem: z.string().nullable().describe('Why the options are unknown; `null`: they are known.'),
  })
  .meta({ id: 'EngineOptionList' });
export type EngineOptionList = z.infer<typeof EngineOptionListSchema>;

/** A device on which an engine can compute, as the program lists it. */
const EngineDeviceSchema = z
  .object({
    name: z.string().describe('As the engine names it, for the option `device`: `CUDA0`.'),
    description: z.string().describe('`NVIDIA GeForce RTX 4090`.'),
    memory_total: LongIntegerSchema.nullable().describe('Bytes; `null`: not reported.'),
    memory_free: LongIntegerSchema.nullable().describe('Bytes; `null`: not reported.'),
  })
  .meta({ id: 'EngineDevice' });
export type EngineDevice = z.infer<typeof EngineDeviceSchema>;

/** The program of an engine, as found on this machine. */
export const InstalledEngineSchema = z.object({
  program: z
    .string()
    .nullable()
    .describe('Path of the program; `null`: it was not found, or each instance gives its own `command`.'),
  version: z.string().nullable().describe('As the program reports it; `null`: unknown.'),
  problem: z.string().nullable().describe('Why the program is missing or cannot be read; `null`: no problem.'),
  devices: z
    .array(EngineDeviceSchema)
    .nullable()
    .describe('GPUs and accelerators that it can use; empty: only the CPU. `null`: unknown.'),
});
export type InstalledEngine = z.infer<typeof InstalledEngineSchema>;

export const EngineListSchema = z
  .object({
    engines: z.array(
      z
        .object({ id: z.string().describe('The `engine` of instances.'), ...InstalledEngineSchema.shape })
        .meta({ id: 'Engine' }),
    ),
  })
  .meta({ id: 'EngineList' });

/** Longest text that `POST /engines/parse` reads, in UTF-16 units. */
const LONGEST_TEXT = 65_536;

/** Body of `POST /engines/parse`. */
export const ParseBodySchema = z
  .strictObject({
    text: z
      .string()
      .min(1)
      .max(LONGEST_TEXT)
      .describe('A command line of llama-server, a `docker run`, or a llama-swap configuration.'),
  })
  .meta({ id: 'ParseBody' });

const {
  name,
  engine,
  model,
  model_path,
  port,
  options,
  extra_args,
  environment,
  aliases,
  unlisted,
  idle_timeout,
  pinned,
  group,
  concurrency,
  upstream_model,
  request_defaults,
  request_strip,
} = CreateInstanceSchema.shape;

/** Settings that a pasted text names. */
const ParsedSettingsSchema = z
  .object({
    name,
    engine,
    model,
    model_path,
    port,
    options,
    extra_args,
    environment,
    aliases,
    unlisted,
    idle_timeout,
    pinned,
    group,
    concurrency,
    upstream_model,
    request_defaults,
    request_strip,
  })
  .partial()
  .meta({ id: 'ParsedSettings' });
export type ParsedSettings = z.infer<typeof ParsedSettingsSchema>;

const DroppedTextSchema = z.object({ text: z.string(), why: z.string() }).meta({ id: 'DroppedText' });
export type DroppedText = z.infer<typeof DroppedTextSchema>;

const LineSchema = z.int().min(1);

const ParsedInstanceSchema = z
  .object({
    model: z.string().optional().describe('Its name in a llama-swap configuration; left out: the text has none.'),
    line: LineSchema.optional().describe('The line of this name in the text.'),
    settings: ParsedSettingsSchema.describe('For `POST /instances`, after a person has looked at them.'),
    understood: z
      .array(z.object({ text: z.string(), path: z.string() }).meta({ id: 'UnderstoodText' }))
      .describe('Parts of the text, and the setting that each became, dotted: `options.ctx_size`.'),
    dropped: z.array(DroppedTextSchema).describe('Parts of the text that became no setting, and why.'),
  })
  .meta({ id: 'ParsedInstance' });
export type ParsedInstance = z.infer<typeof ParsedInstanceSchema>;

const UnreadModelSchema = z
  .object({
    model: z.string().optional().describe('Its name in the configuration; left out: the text has none.'),
    line: LineSchema.describe('The line where the model begins in the text.'),
    why: z.string().describe('The end of a sentence about the model: `has no cmd`.'),
    settings: ParsedSettingsSchema.optional().describe(
      'Settings of an instance of the custom engine that `configuration` has for the model, which the server lacks. Left out: no engine can run it.',
    ),
  })
  .meta({ id: 'UnreadModel' });
export type UnreadModel = z.infer<typeof UnreadModelSchema>;

/** Answer of `POST /engines/parse`. */
export const ParsedSchema = z
  .object({
    format: z.enum(['command', 'docker', 'llama_swap']).describe('The kind of text.'),
    instances: z.array(ParsedInstanceSchema).describe('One, or one for each model that could be read.'),
    unread: z
      .array(UnreadModelSchema)
      .optional()
      .describe('Models of a llama-swap configuration that became no instance, and why. Left out: none.'),
    dropped: z
      .array(DroppedTextSchema)
      .optional()
      .describe(
        'Global settings of a llama-swap configuration that became no setting of an instance, and their counterpart. Left out: none.',
      ),
    configuration: z
      .record(z.string(), JsonValueSchema)
      .optional()
      .describe(
        'The part of these that belongs into the configuration file of llamactl: `{"groups": …}`. Left out: the text has no global settings, because it is no whole configuration of llama-swap.',
      ),
  })
  .meta({ id: 'Parsed' });
export type Parsed = z.infer<typeof ParsedSchema>;
