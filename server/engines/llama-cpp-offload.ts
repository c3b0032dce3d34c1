import type { LaunchPlan, Offload } from '../instances/ports.ts';
import { bareName } from './flags.ts';

/** Every spelling of how many layers go to GPUs, and the variable that stands for it. */
const LAYER_FLAGS = new Set(['ngl', 'gpu-layers', 'n-gpu-layers']);
const LAYER_VARIABLE = 'LLAMA_ARG_N_GPU_LAYERS';
/** Where the engine may compute; `none`: on no GPU. */
const DEVICE_FLAGS = new Set(['dev', 'device']);
const DEVICE_VARIABLE = 'LLAMA_ARG_DEVICE';

/** At verbosity 4, on machines with a GPU; once for each model that is loaded. */
const OFFLOADED = /\boffloaded (\d+)\/(\d+) layers to GPU\b/;
/** Written by the reader of arguments, without clock and level. There is another one about the draft model's layers. */
const NO_GPU = /\bno usable GPU found, --gpu-layers option will be ignored\b/;

/** What was asked for. `left to the engine`: as many as fit, where there is a GPU. */
type Wish = number | 'all' | 'left to the engine';

/**
 * What llama-server gave to the GPUs of what it was asked for. Who names no number, or `auto`, leaves it to the engine: it is
 * only told where there is a GPU that did not take the whole model, which is slow without a word. Who asks for none hears
 * nothing.
 */
export function llamaCppOffload(plan: LaunchPlan, lines: readonly string[]): Offload {
  const wish = wishOf(plan);
  if (wish === 0) return { kind: 'not requested' };
  const given = offloaded(lines);
  if (given !== null) {
    const wanted = typeof wish === 'number' ? Math.min(wish, given.of) : given.of;
    if (given.layers >= wanted) return { kind: 'as requested' };
    const asked = typeof wish === 'number' && wish < given.of ? ` of the ${wish} that were asked for` : '';
    return { kind: 'less', shortfall: `offloaded ${given.layers}/${given.of} layers to GPU${asked}` };
  }
  if (wish === 'left to the engine') return { kind: 'not requested' };
  if (lines.some((line) => NO_GPU.test(line))) {
    return { kind: 'less', shortfall: 'found no usable GPU, so none of its layers is offloaded' };
  }
  // Who has memory on a GPU in a container is not known.
  return plan.container === undefined ? { kind: 'unclear' } : { kind: 'not requested' };
}

/** Of the model itself: a draft model beside it has fewer layers. A model may be loaded more than once, to try what fits. */
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

function wishOf({ argv, environment }: LaunchPlan): Wish {
  if ((valueOf(argv, DEVICE_FLAGS) ?? environment[DEVICE_VARIABLE]) === 'none') return 0;
  const value = valueOf(argv, LAYER_FLAGS) ?? environment[LAYER_VARIABLE] ?? 'auto';
  if (value === 'all') return 'all';
  const count = Number(value);
  // b11669 reads -1 as `auto` and lower ones as `all`
  if (!Number.isInteger(count) || count === -1) return 'left to the engine';
  return count < 0 ? 'all' : count;
}

/** The last one wins. */
function valueOf(argv: readonly string[], names: ReadonlySet<string>): string | undefined {
  const at = argv.findLastIndex((argument) => argument.startsWith('-') && names.has(bareName(argument)));
  return at === -1 ? undefined : argv[at + 1];
}
