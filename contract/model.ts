import { z } from 'zod';
import { RequestDefaultsSchema } from './request-additions.ts';
import { LongIntegerSchema } from './long-integer.ts';

/** Where a model was found: a folder of `models.dirs`, or the folder of another program. */
export const MODEL_SOURCES = ['folder', 'hugging_face', 'llama_cpp', 'ollama', 'lm_studio'] as const;
export type ModelSource = (typeof MODEL_SOURCES)[number];

/** Formats of model files. */
export const MODEL_FORMATS = ['gguf', 'safetensors', 'mlx'] as const;

/** Abilities of a model, as far as its files show them. */
export const MODEL_CAPABILITIES = ['chat', 'tools', 'reasoning', 'vision', 'embeddings', 'rerank'] as const;
export type ModelCapability = (typeof MODEL_CAPABILITIES)[number];

const facts = {
  id: z.string().describe('Stable over scans and restarts. 16 characters.'),
  ref: z
    .string()
    .nullable()
    .describe(
      '`org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; `null`: the file is in a plain folder.',
    ),
  name: z.string().describe('For people: the name of the file without its ending, or of the folder.'),
  format: z.enum(MODEL_FORMATS),
  architecture: z.string().nullable().describe('`llama`, `qwen3`, `bert`; `null`: unknown.'),
  parameters: LongIntegerSchema.nullable().describe('How many weights it has; `null`: unknown.'),
  quantization: z.string().nullable().describe('`Q4_K_M`, `F16`, `4bit`; `null`: unknown.'),
  context: LongIntegerSchema.nullable().describe('The context for which it was trained, in tokens; `null`: unknown.'),
  size: LongIntegerSchema.describe('Bytes of all its parts, without companions.'),
  capabilities: z.array(z.enum(MODEL_CAPABILITIES)).describe('From its chat template, architecture and projector.'),
  source: z.enum(MODEL_SOURCES),
  path: z.string().describe('`model_path` for an instance: the file, its first part, or the folder.'),
  modified_at: z.iso.datetime().describe('RFC 3339, UTC.'),
  used_by: z
    .array(z.string())
    .describe('Names of the instances with this file; `another instance` for those that the caller may not see.'),
  problems: z.array(z.string()).describe('Why it cannot be loaded, in sentences; empty: no reason is known.'),
};

/** A model in a list. */
export const ModelSchema = z.object(facts).meta({ id: 'Model' });
export type Model = z.infer<typeof ModelSchema>;

const ModelFileSchema = z
  .object({ path: z.string(), size: LongIntegerSchema.describe('Bytes.') })
  .meta({ id: 'ModelFile' });

const CompanionSchema = z
  .object({
    kind: z.enum(['projector', 'adapter', 'draft']),
    path: z.string(),
    size: LongIntegerSchema.describe('Bytes.'),
  })
  .meta({ id: 'ModelCompanion' });
export type ModelCompanion = z.infer<typeof CompanionSchema>;

/** A model with everything that its files say. */
export const ModelDetailsSchema = z
  .object({
    ...facts,
    files: z.array(ModelFileSchema).describe('Its parts, in order.'),
    companions: z.array(CompanionSchema).describe('Files beside it that belong to it, for options such as `mmproj`.'),
    metadata: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .describe('Numbers and short texts of the header of a GGUF file. Lists and long texts are left out.'),
    chat_template: z.string().nullable().describe('`null`: it has none, or one of more than 1 MiB.'),
    system_prompt: z
      .string()
      .nullable()
      .describe('That of Ollama for this model, for `system_prompt` of an instance; `null`: it has none.'),
    request_defaults: RequestDefaultsSchema.describe(
      "Ollama's parameters for this model, as `request_defaults` of an instance. Empty: it has none.",
    ),
    other_parameters: RequestDefaultsSchema.describe(
      "Ollama's parameters that are no request defaults, under Ollama's names, such as `num_ctx`.",
    ),
    messages: z
      .array(z.object({ role: z.string(), content: z.string() }))
      .optional()
      .describe('Messages with which Ollama begins each chat of this model. llamactl sends none. Absent: none.'),
    license: z.string().optional().describe('The text of the licenses that Ollama has for this model. Absent: none.'),
  })
  .meta({ id: 'ModelDetails' });
export type ModelDetails = z.infer<typeof ModelDetailsSchema>;

export const CheckedFileSchema = z
  .object({
    path: z.string(),
    result: z
      .enum(['right', 'wrong', 'unknown', 'unreadable'])
      .describe(
        '`right`: its bytes are those that its source announced; `wrong`: they are others; `unknown`: nothing is known to compare with; `unreadable`: see `reason`.',
      ),
    hash: z.string().optional().describe('The announced sha256, or git object id of 40 digits. Absent: none is known.'),
    found: z.string().optional().describe('The hash of a `wrong` file.'),
    reason: z.string().optional().describe('Why a file cannot be read.'),
  })
  .meta({ id: 'CheckedFile' });
export type CheckedFile = z.infer<typeof CheckedFileSchema>;

export const ModelCheckSchema = z
  .object({ files: z.array(CheckedFileSchema).describe('Its parts, then its companions.') })
  .meta({ id: 'ModelCheck' });

export const ModelListSchema = z
  .object({
    models: z.array(ModelSchema).describe('By name.'),
    problems: z
      .array(z.string())
      .describe(
        'Folders of `models.dirs` that cannot be read, each with the reason, and that some folders cannot be watched, in sentences; empty: none.',
      ),
    scanning: z.boolean().describe('The first scan, or one after a change, is not over: the list may lack models.'),
  })
  .meta({ id: 'ModelList' });
export type ModelList = z.infer<typeof ModelListSchema>;
