import { z } from 'zod';

/** The causes for which an instance fails, waits or cannot start. `GET /instances/{name}/why` explains them. */
export const CAUSES = [
  'model_missing',
  'model_unreadable',
  'model_damaged',
  'model_too_new',
  'wrong_file',
  'port_in_use',
  'engine_missing',
  'library_missing',
  'gpu_memory',
  'memory',
  'killed',
  'argument',
  'processor',
  'crash',
  'no_progress',
  'no_answer',
  'ended_by_itself',
  'does_not_fit',
  'waits_for',
  'no_slot',
  'unknown',
] as const;

export const CauseSchema = z
  .enum(CAUSES)
  .describe(
    '`wrong_file`: the file is no model, such as an adapter. `model_too_new`: the engine does not know its architecture. `killed`: by SIGKILL, mostly because memory ran out. `processor`: the engine was built for another one. `no_progress`: it loaded without any sign of work. `does_not_fit`: it needs more memory than it can get. `waits_for`: other instances must stop first. `no_slot`: pinned instances hold all slots.',
  )
  .meta({ id: 'Cause' });
export type Cause = z.infer<typeof CauseSchema>;
