import { z } from 'zod';

/** Kinds of causes of a change of status. */
export const TRIGGER_KINDS = [
  'command',
  'update',
  'demand',
  'eviction',
  'idle',
  'restart_policy',
  'server_start',
] as const;

/** The author of a change, as events name it. */
export const AuthorSchema = z
  .string()
  .optional()
  .describe(
    'Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances.',
  );

/** Who or what made the status of an instance change. */
export const TriggerSchema = z.object({
  kind: z
    .enum(TRIGGER_KINDS)
    .describe(
      '`command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; ' +
        '`eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; ' +
        '`restart_policy`: its engine ended or hung; `server_start`: llamactl started.',
    ),
  caller: AuthorSchema,
  request_id: z
    .string()
    .optional()
    .describe('`X-Request-Id` of the request that started it on demand; absent like `caller`.'),
  needed_by: z
    .string()
    .optional()
    .describe('Name of the instance that needed its slot or memory; absent: none, or one that you may not see.'),
});
export type Trigger = z.infer<typeof TriggerSchema>;
