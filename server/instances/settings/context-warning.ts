import type { ModelInfo } from '@llamactl/contract/instance';
import type { Settings } from '../ports/instance-record.ts';

/** Options with which a model takes more than the context that it was trained for. */
const STRETCHES = /rope|yarn/i;

/**
 * The warning about a context that is larger than the model's; `null`: none. llama-server starts with such a context all
 * the same, and takes memory for all of it: two billion tokens took 19 GB, until the system killed the engine.
 *
 * @param model The model of the settings; `null`: unknown.
 */
export function contextWarning(
  { engine, options }: Pick<Settings, 'engine' | 'options'>,
  model: Pick<ModelInfo, 'context'> | null,
): string | null {
  const { ctx_size: size, parallel } = options;
  const trained = model?.context ?? null;
  if (engine !== 'llama_cpp' || trained === null || typeof size !== 'number') return null;
  if (Object.keys(options).some((key) => STRETCHES.test(key))) return null;
  // Slots share the context.
  const most = trained * (typeof parallel === 'number' && parallel > 0 ? parallel : 1);
  if (size <= most) return null;
  const reason =
    most === trained
      ? `${trained} tokens for which the model was trained`
      : `${most} that ${String(parallel)} slots of the model can use`;
  return `ctx_size ${size} is more than the ${reason}: answers get worse beyond it, and all of it takes memory.`;
}
