/** Functions that log at each request: the choice of a slot, its sampler, its prompt. */
const SLOT_FUNCTIONS = [
  'create_check',
  'get_availabl',
  'init_sampler',
  'launch_slot_',
  'load_model',
  'operator()',
  'process_sing',
  'prompt_clear',
  'prompt_load',
  'prompt_save',
  'release',
  'update_slots',
];

/** Functions that log the prompt cache at each request. */
const SERVER_FUNCTIONS = [
  'get_availabl',
  'init',
  'load',
  'params_from_',
  'prompt_save',
  'server_strea',
  'update',
  'update_slots',
];

/** Functions that log metadata and layout of the model at each start. */
const LOADING_FUNCTIONS = [
  'common_params_fit_impl',
  'llama_context',
  'llama_kv_cache',
  'llama_kv_cache_iswa',
  'llama_model_loader',
  'load',
  'print_info',
  'resolve_fused_ops',
  'sched_reserve',
];

/** A function whose lines are chatter. */
interface Chatter {
  /** The text before the colon, as printed. */
  name: string;
  /** Only these lines of the function are chatter; `null`: all. */
  only: RegExp | null;
}

/** Matches two of the five lines after each answer. The other three report its tokens and their speed. */
const GRAPHS = /\| +graphs? re(?:used|allocs) =/;
/** Matches llamactl's own health checks, in builds that log each request. */
const OWN_REQUEST = /: GET \/(?:health|slots|metrics) /;

/**
 * Functions of llama-server whose `I` lines are of interest only when looking for a fault. llamactl runs llama-server
 * at verbosity 4, because 3 does not say enough about a failed start. Measured on build 11669: a chat with one sentence
 * takes some 25 lines. Nearly all of these lines are missing at 3, the engine's own default.
 */
const CHATTER: readonly Chatter[] = [
  ...SLOT_FUNCTIONS.map((name) => ({ name: ofSlot(name), only: null })),
  ...SERVER_FUNCTIONS.map((name) => ({ name: ofServer(name), only: null })),
  ...LOADING_FUNCTIONS.map((name) => ({ name, only: null })),
  { name: ofSlot('print_timing'), only: GRAPHS },
  { name: ofServer('log_server_r'), only: OWN_REQUEST },
];

/** By length and last letters of the name: a line is compared with one or two names, and no text is copied. */
const BY_LETTERS: ReadonlyMap<number, readonly Chatter[]> = Map.groupBy(CHATTER, ({ name }) =>
  letters(name, 0, name.length),
);

/** The longest name before the colon: `srv  get_availabl`, `common_params_fit_impl`. */
const LONGEST_NAME = Math.max(...CHATTER.map(({ name }) => name.length));

/** Whether an `I` line of llama-server is chatter. @param start Position of its message, after timestamp and level. */
export function isChatter(line: string, start: number): boolean {
  const colon = line.indexOf(':', start);
  if (colon === -1 || colon - start > LONGEST_NAME) return false;
  const found = BY_LETTERS.get(letters(line, start, colon))?.find(({ name }) => line.startsWith(name, start));
  return found !== undefined && (found.only === null || found.only.test(line));
}

function letters(text: string, start: number, end: number): number {
  return ((end - start) << 16) | (text.charCodeAt(end - 1) << 8) | text.charCodeAt(end - 2);
}

/** The name of a function as llama-server prints it: right-aligned in 12 columns. */
function ofSlot(name: string): string {
  return `slot ${name.padStart(12)}`;
}

function ofServer(name: string): string {
  return `srv  ${name.padStart(12)}`;
}
