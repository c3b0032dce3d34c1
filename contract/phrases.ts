import { z } from 'zod';
import { CAUSES } from './cause.ts';
import { DOCTOR_STEPS, FINDINGS } from './doctor-phrases.ts';

/** Sentences of the server as data, so that a program can write them in another language. English is in the text beside them. */

/** The state of an instance, by the names of the data in its sentence. */
const STATES = {
  runs_well: ['name', 'seconds'],
  runs_without_answer: ['name', 'seconds', 'answer'],
  pinned_despite_idle_timeout: [],
  settings_wait: [],
  blocked_once_stopped: [],
  changed_blocked_once_stopped: [],
  waits_to_start: ['name', 'names'],
  needs_memory: ['device', 'need_bytes', 'free_bytes'],
  about_to_start: ['name'],
  loads: ['name', 'seconds'],
  starts: ['name', 'seconds'],
  stops: ['name'],
  goes_down: ['name'],
  goes_down_because: ['name'],
  will_restart: ['name'],
  never_started: ['name'],
  stopped_by_caller: ['name', 'seconds'],
  run_ended: ['name', 'seconds'],
  blocked: ['name'],
  blocked_before_first_start: ['name'],
  blocked_after_change: ['name'],
  failed: ['name'],
  failed_before_change: ['name'],
  gave_up: ['name', 'restarts'],
} as const;

/** Wanted ends of a run. The other reasons are the causes. */
const ENDS = { as_asked: [], evicted: ['instance'], idle: ['seconds'], rebooted: [] } as const;

/** Data of a reason: a file, a port and the program on it, an argument, a library, a program, a device and its memory. */
const REASON_DATA = [
  'file',
  'port',
  'holder',
  'argument',
  'variable',
  'library',
  'program',
  'device',
  'need_bytes',
  'most_bytes',
  'seconds',
  'status',
] as const;

const REASONS = Object.fromEntries(CAUSES.map((cause) => [cause, REASON_DATA])) as Record<
  (typeof CAUSES)[number],
  typeof REASON_DATA
>;

/** Steps. */
const STEPS = {
  look_at_output: [],
  follow_output: [],
  unpin: [],
  see_others_memory: [],
  choose_model: [],
  choose_model_or_name: [],
  or_choose_model: [],
  or_choose_model_or_name: [],
  fetch_lfs_file: [],
  download_again: [],
  choose_file_of_model: [],
  install_newer_for_model: [],
  free_port: [],
  another_port: [],
  end_port_holder: [],
  install_llama_server: [],
  set_llama_server_path: [],
  see_program: [],
  choose_engine: [],
  install_library: [],
  test_engine: [],
  raise_key: ['key'],
  check_oom: [],
  raise_max_running: [],
  install_for_cpu: [],
  try_newer_llama_server: [],
  check_model_file: [],
  allow_more_time: [],
  one_request_at_once: [],
  look_for_ending_option: [],
  delete_instance: [],
  context_for_gpu: ['tokens'],
  see_gpus: [],
  cpu_only: [],
  part_to_cpu: [],
  more_to_cpu: ['layers', 'before'],
  make_readable: [],
  find_files_again: [],
  start_without_projector: [],
  correct_option: ['option'],
  start_without_companion: ['companion'],
  put_back: ['file'],
  or_put_back: ['file'],
  stop_instances: ['names'],
  smaller_context: [],
  context: ['tokens'],
  context_fits: ['tokens'],
  cache_fits: ['type'],
  context_and_cache_fit: ['tokens', 'type'],
  layers_fit: ['layers'],
  experts_fit: ['layers'],
  options_fit: [],
  correct_command: [],
  correct_arguments: [],
  correct_further_arguments: [],
  correct_variable: ['variable'],
  set_variable: ['variable'],
  set_engine_variable: ['variable', 'engine'],
  correct_options: [],
  check_variables: [],
  check_engine_variables: ['engine'],
  remove_option: ['option'],
  another_value: ['option'],
  use_flag: ['flag', 'before'],
  use_present_file: ['model'],
  or_use_present_file: ['model'],
  use_newer_version: ['model'],
  pull_with_ollama: ['model'],
  then_use_file: [],
  take_file_and_settings: ['model', 'name'],
  only_file: [],
  start: [],
  start_with_new_settings: [],
  restart: [],
  restart_then: [],
  restart_if_hanging: [],
  restart_to_apply: [],
  stop_at_once: [],
  retry_now: [],
  give_up: [],
  do_not_start: [],
} as const;

/** Facts behind an explanation. */
const FACTS = {
  process: ['pid', 'memory_bytes'],
  port: ['port', 'state', 'answer'],
  last_exit: ['seconds', 'status', 'signal'],
  restarts: ['count', 'most'],
  tried_removed: ['setting'],
  tried_value: ['setting', 'value'],
  tried_other: ['setting'],
  retried_for_requests: ['seconds'],
  retried_by_hand: [],
  waits_for_names: ['names'],
  newer_version: ['model', 'file'],
  device_short: ['device', 'short_bytes', 'need_bytes', 'free_bytes'],
  memory_in_use: ['used_bytes', 'total_bytes'],
} as const;

/** Problems of a request. */
const PROBLEMS = {
  model_path_missing: [],
  name_taken: ['name'],
  names_instance: ['name', 'instance'],
  port_taken: ['port', 'holder'],
  ports_used_up: [],
  bad_name: [],
  required: [],
  unknown_setting: ['meant'],
  wrong_type: ['type'],
  too_small: ['least'],
  too_large: ['most'],
  reserved_setting: [],
  privileged_setting: [],
  unknown_option: ['meant', 'replacement'],
  option_of_ollama: [],
  same_option: ['option'],
  removed_option: [],
  needs_value: ['placeholder'],
  needs_number: ['value', 'words'],
  needs_switch: [],
  value_not_allowed: ['value', 'allowed'],
} as const;

/** Every kind of phrase, with the names of the data that it may have. Names of sizes end in `_bytes`. */
export const PHRASES = {
  ...STATES,
  ...ENDS,
  ...REASONS,
  ...STEPS,
  ...FACTS,
  ...FINDINGS,
  ...DOCTOR_STEPS,
  ...PROBLEMS,
} as const;
export type PhraseKind = keyof typeof PHRASES;

const PhraseKindSchema = z.enum(Object.keys(PHRASES) as [PhraseKind, ...PhraseKind[]]).meta({ id: 'PhraseKind' });

export const PhraseSchema = z
  .object({
    kind: PhraseKindSchema,
    data: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .describe('The names and figures in it. Names of sizes end in `_bytes`. Absent: none.'),
  })
  .describe('A sentence of the server as data, for programs that write it in another language.')
  .meta({ id: 'Phrase' });
export type Phrase = z.infer<typeof PhraseSchema>;

/** The data of a kind of phrase. */
export type PhraseData<Kind extends PhraseKind> = {
  [Name in (typeof PHRASES)[Kind][number]]?: string | number | undefined;
};

/** Makes a phrase. Data without a value are left out. */
export function phrase<Kind extends PhraseKind>(kind: Kind, data: PhraseData<Kind> = {}): Phrase {
  const given = Object.entries<string | number | undefined>(data).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return given.length === 0 ? { kind } : { kind, data: Object.fromEntries(given) };
}
