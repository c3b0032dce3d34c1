import type { Estimate } from '@llamactl/contract/estimate';
import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { step, update, type Step } from './step.ts';

/** Tokens; a smaller context saves little. */
export const LEAST_CONTEXT = 4_096;
/** Layers for a GPU that has too little memory for all. */
const FEWER_LAYERS = 20;

/** Fewer layers on the GPU than now; with a small number already, also half of it. */
export function fewerLayers({ options: { n_gpu_layers: layers } }: Instance): Remedy[] {
  const fewer = update(step('part_to_cpu', 'Leave a part of it to the CPU'), {
    options: { n_gpu_layers: FEWER_LAYERS },
  });
  if (typeof layers !== 'number' || layers < 1 || layers > FEWER_LAYERS) return [fewer];
  const half = layers >> 1;
  const less = update(
    step('more_to_cpu', `Leave more of it to the CPU: ${half} instead of ${layers} layers on the GPU`, {
      layers: half,
      before: layers,
    }),
    { options: { n_gpu_layers: half } },
  );
  return layers === FEWER_LAYERS ? [less, fewer] : [less];
}

/** Changes with which it fits, as estimated. */
export function fitting(estimate: Estimate | null): Remedy[] {
  if (estimate === null || estimate.fits) return [];
  const { suggestions, must_stop: others } = estimate;
  return [
    ...suggestions.map(({ label, options }) => update(fittingStep(label, options), { options })),
    ...stopping(others),
  ];
}

/** The step that takes options with which it fits. */
function fittingStep(label: string, options: Readonly<Record<string, unknown>>): Step {
  const text = `Use ${label}, which fits`;
  const { ctx_size: tokens, cache_type_k: type, n_gpu_layers: layers, n_cpu_moe: experts } = options;
  if (typeof tokens === 'number')
    return typeof type === 'string'
      ? step('context_and_cache_fit', text, { tokens, type })
      : step('context_fits', text, { tokens });
  if (typeof type === 'string') return step('cache_fits', text, { type });
  if (typeof layers === 'number') return step('layers_fit', text, { layers });
  if (typeof experts === 'number') return step('experts_fit', text, { layers: experts });
  return step('options_fit', text);
}

/** Stops other instances, if the caller may see all of them. */
export function stopping(names: readonly string[]): Remedy[] {
  if (names.length === 0 || names.some((name) => name.includes(' '))) return [];
  return [
    {
      ...step('stop_instances', `Stop ${names.join(', ')}`, { names: names.join(', ') }),
      operation: 'stopAllInstances',
      body: { names: [...names] },
    },
  ];
}

/** A smaller context, unless an estimate names one that fits. */
export function smaller({ options: { ctx_size: context } }: Instance, estimate: Estimate | null): Remedy[] {
  if (fitting(estimate).some(({ operation }) => operation === 'updateInstance')) return [];
  // Without the option the context is the model's own, which may be smaller than any number named here.
  if (typeof context !== 'number' || context <= 1)
    return [
      {
        ...step('smaller_context', 'Make its context smaller, or choose a smaller model'),
        link: 'settings/options.ctx_size',
      },
    ];
  const less = Math.max(1, Math.min(LEAST_CONTEXT, context >> 1));
  return [
    update(step('context', `Use a context of ${less} tokens`, { tokens: less }), { options: { ctx_size: less } }),
  ];
}
