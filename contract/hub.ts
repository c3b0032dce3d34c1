import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Where a reference leads. */
export const REMOTE_SOURCES = ['hub', 'modelscope', 'ollama', 'docker', 'url'] as const;

/** Purposes for which the list of starters has a model. */
export const STARTER_PURPOSES = ['small', 'general', 'coder', 'vision', 'embedding', 'reranker'] as const;

const NameSchema = z.string().max(500);

/** A repository with models in the answer to a search. Names and tags are those of strangers. */
export const FoundModelSchema = z
  .object({
    reference: NameSchema.describe('`org/repo`.'),
    purpose: NameSchema.nullable().describe("The hub's word: `text-generation`; `null`: it has none."),
    license: z.string().nullable().describe('As its author names it; `null`: unknown.'),
    gated: z.boolean().describe('Downloads need a token of an account that accepted the conditions of the author.'),
    downloads: LongIntegerSchema.nullable().describe('Of the last month; `null`: unknown.'),
    likes: LongIntegerSchema.nullable(),
    updated_at: z.iso.datetime().nullable().describe('RFC 3339; `null`: unknown.'),
  })
  .meta({ id: 'FoundModel' });
export type FoundModel = z.infer<typeof FoundModelSchema>;

export const ModelSearchSchema = z
  .object({
    models: z.array(FoundModelSchema).describe('The most downloaded first.'),
    hub: z.string().describe('Base address of the hub that was searched.'),
  })
  .meta({ id: 'ModelSearch' });
export type ModelSearch = z.infer<typeof ModelSearchSchema>;

/** The memory against which models are judged. */
export const LargestMemorySchema = z
  .object({
    kind: z.enum(['gpu', 'ram']),
    name: z.string().describe('Name of the GPU, or `memory`.'),
    total: LongIntegerSchema.describe('Bytes. For `ram`, no more than the control group allows.'),
  })
  .meta({ id: 'LargestMemory' });
export type LargestMemory = z.infer<typeof LargestMemorySchema>;

const fit = {
  fits: z
    .enum(['yes', 'tight', 'no'])
    .describe(
      'An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does not.',
    ),
  memory_needed: LongIntegerSchema.describe(
    'Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers.',
  ),
};

const remoteFile = {
  path: z.string().describe('Within the repository.'),
  size: LongIntegerSchema.describe('Bytes.'),
  sha256: z.string().nullable().describe('Of its bytes, hex; `null`: the source has none.'),
};

export const QuantSchema = z
  .object({
    reference: z.string().describe('Names it: `org/repo:Q4_K_M`.'),
    quantization: z.string().nullable().describe('`Q4_K_M`; `null`: the name of its file has none.'),
    chosen: z.boolean().describe('The reference of the request means this one.'),
    size: LongIntegerSchema.describe('Bytes of all its parts, without companions.'),
    ...fit,
    files: z.array(z.object(remoteFile).meta({ id: 'QuantFile' })).describe('Its parts, in order.'),
    companions: z
      .array(z.object({ kind: z.enum(['projector', 'draft']), ...remoteFile }).meta({ id: 'QuantCompanion' }))
      .describe(
        'Files that are downloaded with it: of its folder or the nearest one above, then of the nearest bit width.',
      ),
  })
  .meta({ id: 'Quant' });
export type Quant = z.infer<typeof QuantSchema>;

export const QuantListSchema = z
  .object({
    source: z.enum(REMOTE_SOURCES),
    repo: z.string().describe('`org/repo`.'),
    revision: z.string().describe('Branch or tag.'),
    commit: z.string().describe('40 hex digits. For sources without commits it stands for the contents.'),
    license: z.string().nullable().describe('As its author names it; `null`: unknown.'),
    gated: z.boolean().describe('Downloads need a token of an account that accepted the conditions of the author.'),
    folder: z.string().describe('The folder on the server that gets the files of a download.'),
    memory: LargestMemorySchema,
    quants: z.array(QuantSchema).describe('By the paths of their files.'),
  })
  .meta({ id: 'QuantList' });
export type QuantList = z.infer<typeof QuantListSchema>;

export const StarterSchema = z
  .object({
    name: z.string(),
    purpose: z.enum(STARTER_PURPOSES),
    memory_gb: z.int().describe('For machines whose largest memory has at least so many GB.'),
    reference: z.string(),
    size: LongIntegerSchema.describe('Bytes with companions, rounded; `GET /api/models/quants` has the exact sizes.'),
    reason: z.string().describe('Why it is in the list, in a sentence.'),
    ...fit,
  })
  .meta({ id: 'Starter' });
export type Starter = z.infer<typeof StarterSchema>;

export const StarterListSchema = z
  .object({ memory: LargestMemorySchema, starters: z.array(StarterSchema).describe('By memory, then by purpose.') })
  .meta({ id: 'StarterList' });
export type StarterList = z.infer<typeof StarterListSchema>;
