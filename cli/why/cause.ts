import type { Instance } from '@llamactl/client';
import { bytes } from '../../format/figures.ts';

/** Memory of the server's machine, in bytes. */
export interface Memory {
  used: number;
  total: number;
}

/** The cause of an end, as far as messages show it. */
type Kind =
  | 'model missing'
  | 'model unreadable'
  | 'model damaged'
  | 'model too new'
  | 'other file'
  | 'port'
  | 'engine missing'
  | 'library missing'
  | 'gpu memory'
  | 'killed'
  | 'memory'
  | 'argument'
  | 'processor'
  | 'crash'
  | 'no progress'
  | 'no answer'
  | 'end by itself'
  | 'unknown';

/** The first match wins. */
const WORDS: readonly (readonly [RegExp, Kind])[] = [
  [/model\b.*cannot be read|Permission denied/i, 'model unreadable'],
  [
    /\bmodel\b.*(does not exist|is a folder|not a regular file|has no)|has no `model_path`|No such file/i,
    'model missing',
  ],
  [/, not a model; |is big-endian|has GGUF version|give the first part|its name does not end in/, 'other file'],
  [/unknown (model architecture|pre-tokenizer)|unsupported (model|tensor)/i, 'model too new'],
  [
    /magic|not a GGUF file|is cut off|is damaged|read header|corrupt|not within (the )?file|truncated|unexpected end|invalid GGUF/i,
    'model damaged',
  ],
  [
    /\bport \d+ is in use\b|is the port in use\?|EADDRINUSE|address (is )?already in use|every port of instances/i,
    'port',
  ],
  [/shared librar|symbol lookup error|version `[^']+' not found|Library not loaded/i, 'library missing'],
  [
    /path of llama-server|not found on the PATH|is not executable|cannot be run|not a program|could not be started/i,
    'engine missing',
  ],
  [
    /OutOfDeviceMemory|OUT_OF_DEVICE_MEMORY|(cuda|hip|musa)Malloc|\b(CUDA|HIP|ROCm|GPU)\b.*out of memory|out of memory.*\b(CUDA|HIP|ROCm|GPU)\b|allocate (CUDA|ROCm|HIP|MUSA|Vulkan|Metal|SYCL)\d* buffer/i,
    'gpu memory',
  ],
  [/SIGKILL/, 'killed'],
  [/out of memory|bad_alloc|(failed|unable) to allocate|cannot allocate|mmap failed/i, 'memory'],
  [/^invalid argument|^argument |^environment variable /, 'argument'],
  [/SIGILL/, 'processor'],
  [/SIGSEGV|SIGBUS|SIGFPE|SIGABRT|GGML_ASSERT/, 'crash'],
  [/showed no progress for/, 'no progress'],
  [/no longer answered (its health check|\/)/, 'no answer'],
  [/exited with status 0/, 'end by itself'],
];

export function kindOf(cause: string): Kind {
  return WORDS.find(([words]) => words.test(cause))?.[1] ?? 'unknown';
}

/** Remedies for a cause, one step a line; commands can be pasted. */
export function remediesFor(
  cause: string,
  { name, options, model_path: model, model: called }: Instance,
  memory: Memory | null,
): string[] {
  const { ctx_size: context } = options;
  // Without the option the context is the model's own, which may be smaller than any number named here.
  const less = typeof context === 'number' && context > 0 ? Math.max(1, Math.min(4_096, context >> 1)) : 'N';
  const smaller = `llamactl update ${name} -o ctx_size=${less} makes its context smaller; a smaller model needs less memory too`;
  switch (kindOf(cause)) {
    case 'model missing':
      return [
        // A pull of Ollama gives a model another file, and removes the old one.
        ...(called === undefined
          ? []
          : [`to use the file that ${called} has now: llamactl update ${name} --model ${called}`]),
        `if it is elsewhere: llamactl update ${name} --model FILE`,
        ...(model === undefined ? [] : [`or put it back: ${model}`]),
      ];
    case 'model unreadable':
      return [`let the server's user read it: chmod a+r ${model ?? 'FILE'}, and chmod a+x its folders`];
    case 'model damaged':
      return [`download it again, as it is damaged or not GGUF; or use another: llamactl update ${name} --model FILE`];
    case 'other file':
      return [`for the right file: llamactl update ${name} --model FILE`];
    case 'model too new':
      return ['install a newer llama-server, which may support this model; llamactl doctor shows the current one'];
    case 'port':
      return [
        `llamactl update ${name} --unset port selects a free port, --port N a fixed one`,
        'or stop the program that uses the port',
      ];
    case 'engine missing':
      return [
        'to install a llama-server: llamactl quickstart; or set engines.llama_cpp.command in the configuration to one',
        'llamactl doctor shows which one is found',
      ];
    case 'library missing':
      return [
        'install the missing library, or set LD_LIBRARY_PATH in the environment of the engine in the configuration',
        'to test the engine: llamactl doctor',
      ];
    case 'gpu memory':
      return [
        `llamactl update ${name} -o n_gpu_layers=20 leaves a part of it to the CPU`,
        smaller,
        'llamactl stats shows the usage of other instances; llamactl stop frees it',
      ];
    case 'killed':
      return [
        `if no user killed it, memory ran out${memory === null ? '' : ` (now ${memoryText(memory)})`}; to check: journalctl -k | grep -i oom`,
        smaller,
      ];
    case 'memory':
      return [
        smaller,
        ...(memory === null ? [] : [`now ${memoryText(memory)}; llamactl stats shows the usage of each instance`]),
      ];
    case 'argument':
      return [argumentRemedy(cause, name, options)];
    case 'processor':
      return ['install a llama-server that was built for this CPU; llamactl doctor shows the current one'];
    case 'crash':
      return [
        `for its last output: llamactl logs ${name} -n 50`,
        'try a newer llama-server, and check that the model file is complete',
      ];
    case 'no progress':
      return [
        'if the disk is slow, raise instances.start_timeout in the configuration, the longest time without progress',
        `llamactl logs ${name} -n 50`,
      ];
    case 'no answer':
      return [`llamactl logs ${name} -n 50 shows what it was doing; for fewer parallel requests: -o parallel=1`];
    case 'end by itself':
      return [`a program ended it, or one of its options does; to see its command: llamactl show ${name}`];
    case 'unknown':
      return [`for its output: llamactl logs ${name} -n 50`];
  }
}

/** Says how much memory is in use: `7.1 GB of 8.0 GB of memory are in use`. */
export function memoryText({ used, total }: Memory): string {
  return `${bytes(used)} of ${bytes(total)} of memory are in use`;
}

function argumentRemedy(cause: string, name: string, options: Instance['options']): string {
  const flag = /(?:invalid argument:|argument) "?(--?[A-Za-z0-9-]+)/.exec(cause)?.[1] ?? '';
  const key = flag.replace(/^--?(?:no-)?/, '').replaceAll('-', '_');
  return Object.hasOwn(options, key)
    ? `llamactl update ${name} --unset options.${key}, or give it another value: -o ${key}=…`
    : `correct it: llamactl show ${name} lists its options and arguments, llamactl update ${name} changes them`;
}
