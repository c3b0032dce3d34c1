import type { Offload } from '../instances/ports/engine-adapter.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { bareName } from './flags.ts';

/** All spellings of the flag for the number of GPU layers. {@link LAYER_VARIABLE} sets the same flag. */
const LAYER_FLAGS = new Set(['ngl', 'gpu-layers', 'n-gpu-layers']);
const LAYER_VARIABLE = 'LLAMA_ARG_N_GPU_LAYERS';
/** The flag for the devices to use; `none`: no GPU. */
const DEVICE_FLAGS = new Set(['dev', 'device']);
const DEVICE_VARIABLE = 'LLAMA_ARG_DEVICE';

/** Logged at verbosity 4 on machines with a GPU, once for each loaded model. */
const OFFLOADED = /\boffloaded (\d+)\/(\d+) layers to GPU\b/;
/** Printed by the argument parser, without timestamp and level. A similar line is about the draft model's layers. */
const NO_GPU = /\bno usable GPU found, --gpu-layers option will be ignored\b/;

/** The requested number of layers. `left to the engine`: as many as fit, if a GPU is present. */
type RequestedLayers = number | 'all' | 'left to the engine';

/**
 * Compares the layers that llama-server offloaded to GPUs with the requested number. Without a number, or with `auto`, the
 * engine decides; then only a GPU that did not take the whole model is reported, because that is silently slow. A request
 * for no layers is never reported.
 */
export function llamaCppOffload(plan: LaunchPlan, lines: readonly string[]): Offload {
  const requested = requestedLayers(plan);
  if (requested === 0) return { kind: 'not requested' };
  const given = offloaded(lines);
  if (given !== null) {
    const wanted = typeof requested === 'number' ? Math.min(requested, given.of) : given.of;
    if (given.layers >= wanted) return { kind: 'as requested' };
    const asked = typeof requested === 'number' && requested < given.of ? ` of the ${requested} requested` : '';
    return { kind: 'less', shortfall: `offloaded ${given.layers}/${given.of} layers to GPU${asked}` };
  }
  if (requested === 'left to the engine') return { kind: 'not requested' };
  if (lines.some((line) => NO_GPU.test(line))) {
    return { kind: 'less', shortfall: 'found no usable GPU, so none of its layers is offloaded' };
  }
  // `unclear` would need the run's GPU memory, which is unknown for the processes of a container.
  return plan.container === undefined ? { kind: 'unclear' } : { kind: 'not requested' };
}

/**
 * Returns the layers of the main model: a draft model has fewer. The last report counts, because the engine may load a
 * model several times to find out what fits. `null`: no report.
 */
function offloaded(lines: readonly string[]): { layers: number; of: number } | null {
  let found: { layers: number; of: number } | null = null;
  for (const line of lines) {
    const match = OFFLOADED.exec(line);
    if (match === null) continue;
    const [layers, of] = [Number(match[1]), Number(match[2])];
    if (found === null || of >= found.of) found = { layers, of };
  }
  return found;
}

function requestedLayers({ argv, environment }: LaunchPlan): RequestedLayers {
  if ((valueOf(argv, DEVICE_FLAGS) ?? environment[DEVICE_VARIABLE]) === 'none') return 0;
  const value = valueOf(argv, LAYER_FLAGS) ?? environment[LAYER_VARIABLE] ?? 'auto';
  if (value === 'all') return 'all';
  const count = Number(value);
  // b11669 reads -1 as `auto` and lower ones as `all`
  if (!Number.isInteger(count) || count === -1) return 'left to the engine';
  return count < 0 ? 'all' : count;
}

/** The value of the last of these flags. */
function valueOf(argv: readonly string[], names: ReadonlySet<string>): string | undefined {
  const at = argv.findLastIndex((argument) => argument.startsWith('-') && names.has(bareName(argument)));
  return at === -1 ? undefined : argv[at + 1];
}
