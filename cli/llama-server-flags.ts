import { OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';

/**
 * Keys of llama-server's options by their short flags without the dash, as of b11669. Only options that an instance
 * may set, and that people give on a command line.
 */
const KEYS: Readonly<Record<string, string>> = {
  b: 'batch_size',
  c: 'ctx_size',
  cmoe: 'cpu_moe',
  ctk: 'cache_type_k',
  ctv: 'cache_type_v',
  dev: 'device',
  fa: 'flash_attn',
  fit: 'fit',
  kvu: 'kv_unified',
  mg: 'main_gpu',
  mm: 'mmproj',
  n: 'n_predict',
  ncmoe: 'n_cpu_moe',
  ngl: 'n_gpu_layers',
  np: 'parallel',
  ot: 'override_tensor',
  s: 'seed',
  sm: 'split_mode',
  t: 'threads',
  tb: 'threads_batch',
  ts: 'tensor_split',
  ub: 'ubatch_size',
};

/** Short flags and the keys of their options. */
export const SHORT_FLAGS: ReadonlyMap<string, string> = new Map(Object.entries(KEYS));

/** Names that people and similar programs give to options. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['ctx', 'ctx_size'],
  ['context', 'ctx_size'],
  ['context_length', 'ctx_size'],
  ['context_size', 'ctx_size'],
  ['ctx_len', 'ctx_size'],
  ['max_model_len', 'ctx_size'],
  ['gpu_layers', 'n_gpu_layers'],
]);

const LONG = new Set(SHORT_FLAGS.values());

/**
 * The key of an option of llama-server by a flag without its dashes: `c`, `ctx-size`, or `num-ctx` of Ollama. `null`: no
 * usual option.
 */
export function engineOptionOf(flag: string): string | null {
  const key = flag.replaceAll('-', '_');
  return SHORT_FLAGS.get(flag) ?? OLLAMA_OPTIONS.get(key) ?? OTHER_NAMES.get(key) ?? (LONG.has(key) ? key : null);
}
