import { z } from 'zod';
import { CreateInstanceSchema, OptionsSchema, UpdateInstanceSchema } from './instance.ts';
import { LongIntegerSchema } from './long-integer.ts';

/** Most devices of one machine that a request may name. */
const MOST_DEVICES = 64;

const choices = {
  options: UpdateInstanceSchema.shape.options
    .unwrap()
    .unwrap()
    .optional()
    .describe('Options of the engine. Of an instance they are merged into its own, key by key; `null` removes one.'),
  devices: z
    .array(z.string().min(1).max(64))
    .max(MOST_DEVICES)
    .optional()
    .describe('Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used.'),
};

/** Body of `POST /instances/{name}/estimate`. */
export const InstanceEstimateRequestSchema = z.strictObject(choices).meta({ id: 'InstanceEstimateRequest' });
export type InstanceEstimateRequest = z.infer<typeof InstanceEstimateRequestSchema>;

/** Body of `POST /estimate`. */
export const EstimateRequestSchema = z
  .strictObject({
    model: CreateInstanceSchema.shape.model.describe('A model of `GET /models`: its id, reference or name.'),
    instance: z.string().min(1).optional().describe('Name of an instance.'),
    model_path: CreateInstanceSchema.shape.model_path.describe('Any model file of the server. Only for admins.'),
    engine: CreateInstanceSchema.shape.engine.describe('Default: `llama_cpp`, or that of the instance.'),
    ...choices,
  })
  .refine(
    ({ model, instance, model_path: file }) =>
      [model, instance, file].filter((each) => each !== undefined).length === 1,
    'must have one of `model`, `instance` and `model_path`',
  )
  .meta({ id: 'EstimateRequest' });
export type EstimateRequest = z.infer<typeof EstimateRequestSchema>;

const bytes = (meaning: string) => LongIntegerSchema.describe(meaning);

const DeviceEstimateSchema = z
  .object({
    device: z.string().describe('`ram`, or a GPU by the vendor and number of its tool: `nvidia:0`.'),
    total: bytes('Bytes of the device, or the share of a container.'),
    free: bytes(
      'Bytes that a start may take now. In RAM, models of running instances count fully, although their files are only mapped.',
    ),
    need: bytes('Bytes that should be free: weights, cache and computation, and a margin.'),
    weights: bytes('Bytes of the weights.'),
    cache: bytes('Bytes of the cache of keys and values, which grows with the context.'),
    compute: bytes('Bytes to compute in.'),
  })
  .meta({ id: 'DeviceEstimate' });
export type DeviceEstimate = z.infer<typeof DeviceEstimateSchema>;

const SuggestionSchema = z
  .object({
    label: z.string().describe('For people: `a context of 8192 tokens`.'),
    options: OptionsSchema.describe('Options with which it fits, beside those given.'),
  })
  .meta({ id: 'EstimateSuggestion' });

/** The memory that a model would need with options. */
export const EstimateSchema = z
  .object({
    fits: z.boolean().describe('Every device has enough free memory now.'),
    per_device: z.array(DeviceEstimateSchema).describe('RAM, and the GPUs that may be used.'),
    must_stop: z
      .array(z.string())
      .describe(
        'Idle instances whose stop would make it fit, least recently used first; `another instance` for those that the caller may not see. Empty: it fits, or no stop helps.',
      ),
    suggestions: z.array(SuggestionSchema).describe('Options with which it would fit now; empty if it fits.'),
    context: LongIntegerSchema.describe(
      'The tokens that the estimate is for. Without `ctx_size`, the engine takes the trained context, or less if that does not fit.',
    ),
    gpu_layers: z.int().describe('The layers on GPUs, the output included. Without `n_gpu_layers`, as many as fit.'),
    warnings: z
      .array(z.string())
      .optional()
      .describe(
        'Sentences about options that need attention, such as a context larger than the trained one; left out: none.',
      ),
    source: z
      .enum(['measured', 'projected', 'estimated'])
      .describe(
        '`measured`: an earlier run. `projected`: what the engine reported at an earlier start. `estimated`: from the files alone.',
      ),
  })
  .meta({ id: 'Estimate' });
export type Estimate = z.infer<typeof EstimateSchema>;
