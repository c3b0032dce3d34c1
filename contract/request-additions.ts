import { z } from 'zod';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
/** Any JSON value. zod's own `z.json()` gets a different name in each document. */
export const JsonValueSchema: z.ZodType<JsonValue> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(JsonValueSchema),
      z.record(z.string(), JsonValueSchema),
    ]),
  )
  .meta({ id: 'JsonValue' });

/** Fields for requests, by key. It has no description, because each use has its own. */
export const RequestDefaultsSchema = z.record(z.string(), JsonValueSchema);

/** Most UTF-16 units of a system prompt. The gateway's budget for bodies does not count the prompt. */
const LONGEST_PROMPT = 65_536;
export const SystemPromptSchema = z.string().max(LONGEST_PROMPT, `must be at most ${LONGEST_PROMPT} characters`);
