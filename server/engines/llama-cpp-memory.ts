import {
  CACHE_TYPES,
  type CacheType,
  type MemoryCompanion,
  type MemoryOptions,
} from '../instances/ports/memory-options.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { type Flag, LaunchWords } from './launch-words.ts';

/** The flags that decide about memory, on build 11669. */
const FLAGS = {
  model: { names: ['model', 'm'], variable: 'LLAMA_ARG_MODEL' },
  context: { names: ['ctx-size', 'c'], variable: 'LLAMA_ARG_CTX_SIZE' },
  perSlot: { names: ['kv-unified-per-slot'], variable: 'LLAMA_ARG_KV_UNIFIED_PER_SLOT' },
  sequences: { names: ['parallel', 'np'], variable: 'LLAMA_ARG_N_PARALLEL' },
  unified: { names: ['kv-unified', 'kvu'], variable: 'LLAMA_ARG_KV_UNIFIED', negations: ['no-kv-unified', 'no-kvu'] },
  batch: { names: ['batch-size', 'b'], variable: 'LLAMA_ARG_BATCH' },
  microBatch: { names: ['ubatch-size', 'ub'], variable: 'LLAMA_ARG_UBATCH' },
  keys: { names: ['cache-type-k', 'ctk'], variable: 'LLAMA_ARG_CACHE_TYPE_K' },
  values: { names: ['cache-type-v', 'ctv'], variable: 'LLAMA_ARG_CACHE_TYPE_V' },
  flash: { names: ['flash-attn', 'fa'], variable: 'LLAMA_ARG_FLASH_ATTN', negations: ['no-flash-attn'] },
  fullWindow: { names: ['swa-full'], variable: 'LLAMA_ARG_SWA_FULL' },
  embeddings: { names: ['embeddings', 'embedding'], variable: 'LLAMA_ARG_EMBEDDINGS' },
  pooling: { names: ['pooling'], variable: 'LLAMA_ARG_POOLING' },
  gpuLayers: { names: ['n-gpu-layers', 'gpu-layers', 'ngl'], variable: 'LLAMA_ARG_N_GPU_LAYERS' },
  cpuMoe: { names: ['cpu-moe', 'cmoe'], variable: 'LLAMA_ARG_CPU_MOE' },
  cpuExperts: { names: ['n-cpu-moe', 'ncmoe'], variable: 'LLAMA_ARG_N_CPU_MOE' },
  cacheOnGpu: {
    names: ['kv-offload', 'kvo'],
    variable: 'LLAMA_ARG_KV_OFFLOAD',
    negations: ['no-kv-offload', 'nkvo'],
  },
  reorders: { names: ['repack'], variable: 'LLAMA_ARG_REPACK', negations: ['no-repack', 'nr'] },
  loadMode: { names: ['load-mode', 'lm'], variable: 'LLAMA_ARG_LOAD_MODE' },
  mapped: { names: ['mmap'], variable: 'LLAMA_ARG_MMAP', negations: ['no-mmap'] },
  locked: { names: ['mlock'], variable: 'LLAMA_ARG_MLOCK' },
  fit: { names: ['fit'], variable: 'LLAMA_ARG_FIT', negations: ['no-fit'] },
  split: { names: ['split-mode', 'sm'], variable: 'LLAMA_ARG_SPLIT_MODE' },
  mainGpu: { names: ['main-gpu', 'mg'], variable: 'LLAMA_ARG_MAIN_GPU' },
  shares: { names: ['tensor-split', 'ts'], variable: 'LLAMA_ARG_TENSOR_SPLIT' },
  device: { names: ['device', 'dev'], variable: 'LLAMA_ARG_DEVICE' },
  remote: { names: ['rpc'], variable: 'LLAMA_ARG_RPC' },
  overrides: { names: ['override-tensor', 'ot'], variable: 'LLAMA_ARG_OVERRIDE_TENSOR' },
  fitTargets: { names: ['fit-target', 'fitt'], variable: 'LLAMA_ARG_FIT_TARGET' },
  draftOverrides: { names: ['spec-draft-override-tensor', 'override-tensor-draft', 'otd'] },
  draftDevice: { names: ['spec-draft-device', 'device-draft', 'devd'], variable: 'LLAMA_ARG_SPEC_DRAFT_DEVICE' },
  projector: { names: ['mmproj', 'mm'], variable: 'LLAMA_ARG_MMPROJ' },
  projectorDevice: { names: ['mmproj-device', 'mmdev'], variable: 'MTMD_BACKEND_DEVICE' },
  projectorOnGpu: {
    names: ['mmproj-offload'],
    variable: 'LLAMA_ARG_MMPROJ_OFFLOAD',
    negations: ['no-mmproj-offload'],
  },
  draft: { names: ['spec-draft-model', 'model-draft', 'md'], variable: 'LLAMA_ARG_SPEC_DRAFT_MODEL' },
  draftLayers: {
    names: ['spec-draft-ngl', 'gpu-layers-draft', 'n-gpu-layers-draft', 'ngld'],
    variable: 'LLAMA_ARG_N_GPU_LAYERS_DRAFT',
  },
  adapters: { names: ['lora'], variable: 'LLAMA_ARG_LORA' },
  verbosity: { names: ['log-verbosity'] },
} as const satisfies Record<string, Flag>;

/** Values of `--load-mode` with which weights are mapped and not locked. */
const MAPPED_MODES: ReadonlySet<string> = new Set(['auto', 'mmap']);

/** With this `--log-verbosity` llama-server reports its memory before it reads weights. */
export const REPORTING_VERBOSITY = 4;

/** Flags that name GPUs, or divide a model among them. */
const PICKING = [
  FLAGS.device,
  FLAGS.split,
  FLAGS.mainGpu,
  FLAGS.shares,
  FLAGS.remote,
  FLAGS.draftDevice,
  FLAGS.projectorDevice,
];

/** Defaults of llama-server. */
const SLOTS = 4;
const BATCH = 2_048;
const MICRO_BATCH = 512;

/**
 * Reads the options that decide about memory from a launch of llama-server. A value that it would refuse counts as not
 * given.
 */
export function llamaCppMemory({
  argv,
  environment,
}: Readonly<Pick<LaunchPlan, 'environment'>> & { argv: readonly string[] }): MemoryOptions {
  const words = new LaunchWords(argv, environment);
  const sequences = words.count(FLAGS.sequences) ?? 0;
  const perSlot = words.count(FLAGS.perSlot) ?? 0;
  const given = words.count(FLAGS.context) ?? 0;
  const slots = sequences > 0 ? sequences : SLOTS;
  const batch = words.count(FLAGS.batch) || BATCH;
  const pooling = words.text(FLAGS.pooling);
  const fits = words.truth(FLAGS.fit) !== false;
  return {
    model: words.text(FLAGS.model),
    context: given > 0 ? given : perSlot > 0 ? perSlot * slots : null,
    sequences: slots,
    isUnified: words.truth(FLAGS.unified) ?? sequences === 0,
    batch: Math.min(batch, words.count(FLAGS.microBatch) || MICRO_BATCH),
    keys: cacheType(words.text(FLAGS.keys)),
    values: cacheType(words.text(FLAGS.values)),
    flashAttention: words.text(FLAGS.flash) !== 'off' && words.truth(FLAGS.flash) !== false,
    fullWindow: words.truth(FLAGS.fullWindow) ?? false,
    outputsAll: (words.truth(FLAGS.embeddings) ?? false) && (pooling === null || pooling === 'none'),
    gpuLayers:
      words.text(FLAGS.device) === 'none' ? 0 : (layersOf(words.text(FLAGS.gpuLayers)) ?? (fits ? null : Infinity)),
    cpuExperts: words.truth(FLAGS.cpuMoe) === true ? Infinity : (words.count(FLAGS.cpuExperts) ?? 0),
    cacheOnGpu: words.truth(FLAGS.cacheOnGpu) ?? true,
    reorders: words.truth(FLAGS.reorders) ?? true,
    isMapped:
      words.truth(FLAGS.mapped) !== false &&
      words.truth(FLAGS.locked) !== true &&
      MAPPED_MODES.has(words.text(FLAGS.loadMode) ?? 'auto'),
    // `-c 0` forbids the engine to shrink the context.
    shrinks: fits && given === 0 && words.text(FLAGS.context) === null,
    reports: fits && words.count(FLAGS.verbosity) === REPORTING_VERBOSITY,
    split: words.text(FLAGS.split) === 'none' ? 'one' : 'layers',
    mainGpu: words.count(FLAGS.mainGpu) ?? 0,
    devices: words.text(FLAGS.device)?.split(',') ?? null,
    picksGpus: picksGpus(words),
    shares: sharesOf(words.text(FLAGS.shares)),
    companions: companionsOf(words),
  };
}

function picksGpus(words: LaunchWords): boolean {
  // `exps=CPU` names no GPU.
  const overrides = [FLAGS.overrides, FLAGS.draftOverrides].flatMap((flag) => words.text(flag)?.split(',') ?? []);
  // One target is for all GPUs.
  const hasTargets = words.text(FLAGS.fitTargets)?.includes(',') === true;
  return (
    hasTargets || PICKING.some((flag) => words.text(flag) !== null) || overrides.some((word) => !word.endsWith('=CPU'))
  );
}

function companionsOf(words: LaunchWords): MemoryCompanion[] {
  const [projector, draft] = [words.text(FLAGS.projector), words.text(FLAGS.draft)];
  const adapters = words.text(FLAGS.adapters)?.split(',') ?? [];
  return [
    ...(projector === null
      ? []
      : [{ kind: 'projector' as const, path: projector, onGpu: words.truth(FLAGS.projectorOnGpu) ?? true }]),
    ...(draft === null
      ? []
      : [{ kind: 'draft' as const, path: draft, onGpu: layersOf(words.text(FLAGS.draftLayers)) !== 0 }]),
    ...adapters.map((path) => ({ kind: 'adapter' as const, path, onGpu: true })),
  ];
}

function cacheType(text: string | null): CacheType {
  return CACHE_TYPES.find((type) => type === text) ?? 'f16';
}

/** `null`: the engine decides. Build 11669 reads -1 as `auto` and lower ones as `all`. */
function layersOf(text: string | null): number | null {
  if (text === 'all') return Infinity;
  const count = Number(text ?? 'auto');
  if (!Number.isInteger(count) || count === -1) return null;
  return count < 0 ? Infinity : count;
}

function sharesOf(text: string | null): number[] | null {
  const shares = text?.split(/[,/]/).map(Number) ?? [];
  const isUsable = shares.length > 0 && shares.every((share) => share >= 0) && shares.some((share) => share > 0);
  return isUsable ? shares : null;
}
