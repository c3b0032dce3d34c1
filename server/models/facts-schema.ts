import { MODEL_CAPABILITIES, MODEL_FORMATS } from '@llamactl/contract/model';
import { z } from 'zod';

/** Facts from the header of a GGUF file, also as they are stored. */
export const ModelFactsSchema = z.object({
  /** The purpose of the file. */
  kind: z.enum(['model', 'adapter', 'projector', 'other']),
  architecture: z.string().nullable(),
  parameters: z.number().nullable(),
  quantization: z.string().nullable(),
  /** Trained context in tokens. */
  context: z.number().nullable(),
  capabilities: z.array(z.enum(MODEL_CAPABILITIES)),
  /** This file is one of so many parts. */
  parts: z.number(),
});
export type ModelFacts = z.infer<typeof ModelFactsSchema>;
export type FileKind = ModelFacts['kind'];

/** The facts of one file, or the reason why there are none. */
export const FileFactsSchema = z.object({
  format: z.enum(MODEL_FORMATS),
  /** `null`: it cannot be read. */
  facts: ModelFactsSchema.nullable(),
  /** Why it cannot be loaded: the end of a sentence about it; `null`: no reason is known. */
  problem: z.string().nullable(),
});
export type FileFacts = z.infer<typeof FileFactsSchema>;
