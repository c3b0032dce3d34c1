import type { Cause } from '@llamactl/contract/cause';
import type { StartObstacle } from '@llamactl/contract/health';

/** The first match wins. Messages of llamactl, of engines and of the system. */
const WORDS: readonly (readonly [RegExp, Cause])[] = [
  // MB and GB: in reasons that earlier versions stored.
  [/\bneeds [\d.]+ [MGT]i?B of \S+, and can get at most\b/, 'does_not_fit'],
  [/no slot is free and none can be freed/, 'no_slot'],
  // Its message ends in "No such file", which is about the library.
  [/shared librar|symbol lookup error|version `[^']+' not found|Library not loaded/i, 'library_missing'],
  [/(?:model|projector|adapter|control vector)\b.*cannot be read|Permission denied/i, 'model_unreadable'],
  [
    /\b(?:model|projector|adapter|control vector)\b.*(does not exist|is a folder|not a regular file|has no)|has no `model_path`|No such file/i,
    'model_missing',
  ],
  [/, not a model; |is big-endian|has GGUF version|give the first part|its name does not end in/, 'wrong_file'],
  [/unknown (model architecture|pre-tokenizer)|unsupported (model|tensor)/i, 'model_too_new'],
  [
    /magic|not a GGUF file|is cut off|is damaged|read header|corrupt|not within (the )?file|truncated|unexpected end|invalid GGUF/i,
    'model_damaged',
  ],
  [
    /\bport \d+ is in use\b|is the port in use\?|EADDRINUSE|address (is )?already in use|every port of instances/i,
    'port_in_use',
  ],
  [
    /path of llama-server|not found on the PATH|is not executable|cannot be run|not a program|could not be started/i,
    'engine_missing',
  ],
  [
    /OutOfDeviceMemory|OUT_OF_DEVICE_MEMORY|CommandBufferCallbackErrorOutOfMemory|ggml_vulkan: Device memory allocation|(CUDA|ROCm|HIP|MUSA) error: (the resource allocation failed|CUBLAS_STATUS_ALLOC_FAILED)|(cuda|hip|musa)Malloc|\b(CUDA|HIP|ROCm|MUSA|GPU)\b.*out of memory|out of memory.*\b(CUDA|HIP|ROCm|GPU)\b|allocate (CUDA|ROCm|HIP|MUSA|Vulkan|Metal|SYCL)\d* buffer/i,
    'gpu_memory',
  ],
  [/SIGKILL/, 'killed'],
  [/out of memory|OutOfHostMemory|bad_alloc|(failed|unable) to allocate|cannot allocate|mmap failed/i, 'memory'],
  [/^invalid argument|^argument |^environment variable |^the stored variables? /, 'argument'],
  [/SIGILL/, 'processor'],
  [/SIGSEGV|SIGBUS|SIGFPE|SIGABRT|GGML_ASSERT/, 'crash'],
  [/showed no progress for/, 'no_progress'],
  [/no longer answered (its health check|\/)/, 'no_answer'],
  [/exited with status 0/, 'ended_by_itself'],
];

/** Reasons of ends that llamactl or a user wanted, or that a reboot made. */
const WANTED = /^(stopped as asked|it was evicted|idle for .*\(idle_timeout\)|going down|the machine was rebooted)/;

/** Causes that lie in the file of the model. */
const OF_MODEL: ReadonlySet<Cause> = new Set([
  'model_missing',
  'model_unreadable',
  'model_damaged',
  'wrong_file',
  'model_too_new',
]);

/** The settings that decide what a reason can be about. */
export interface FailedSettings {
  engine: string;
  model_path?: string | undefined;
}

/** The cause in the reason of a failure. */
export function causeOf(reason: string, settings: FailedSettings): Cause {
  const bare = bareReason(reason);
  const isPossible = isAboutModel(bare, settings) ? () => true : (cause: Cause) => !OF_MODEL.has(cause);
  return WORDS.find(([words, cause]) => isPossible(cause) && words.test(bare))?.[1] ?? 'unknown';
}

/** Whether a reason can be about the model. A program that llamactl does not know may complain of any other file. */
function isAboutModel(reason: string, { engine, model_path: file }: FailedSettings): boolean {
  if (engine === 'llama_cpp') return true;
  const name = file?.split('/').findLast((part) => part !== '');
  return name !== undefined && reason.includes(name);
}

/** The cause of the end of a run; `null`: the end was wanted, or came with a reboot. */
export function causeOfEnd(reason: string, settings: FailedSettings): Cause | null {
  return WANTED.test(reason) ? null : causeOf(reason, settings);
}

/** Causes that the error code of an obstacle shows, whatever its message is. */
const BY_CODE: Readonly<Partial<Record<string, Cause>>> = {
  CAPACITY_EXCEEDED: 'no_slot',
  DOES_NOT_FIT: 'does_not_fit',
  PORT_IN_USE: 'port_in_use',
  PRIVILEGED_OPTION: 'argument',
  RESERVED_OPTION: 'argument',
  // The configuration no longer has the engine.
  VALIDATION_ERROR: 'engine_missing',
};
const LLAMA_CPP: FailedSettings = { engine: 'llama_cpp' };
/** Causes whose message does not show them. */
const USUAL: Readonly<Partial<Record<string, Cause>>> = {
  ENGINE_NOT_FOUND: 'engine_missing',
  MODEL_NOT_FOUND: 'model_missing',
};

/** The cause of an obstacle to a start. */
export function causeOfObstacle({ code, message }: StartObstacle): Cause {
  const fixed = BY_CODE[code];
  if (fixed !== undefined) return fixed;
  // llamactl itself has found the obstacle, so a file in it is that of the model.
  const cause = causeOf(message, LLAMA_CPP);
  return cause === 'unknown' ? (USUAL[code] ?? cause) : cause;
}

/** A reason without the words of the restart policy, as the end of a sentence. */
export function bareReason(reason: string): string {
  return reason.replace(/^(?:backoff after|gave up after \d+ restarts? in a row): /, '').replace(/[.\s]+$/, '');
}
