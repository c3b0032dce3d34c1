import type { Instance } from '@llamactl/client';
import { bytes } from '../figures.ts';

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
  [/unknown (model architecture|pre-tokenizer)|unsupported (model|tensor)/i, 'model too new'],
  [
    /magic|not a GGUF file|read header|corrupt|not within (the )?file|truncated|unexpected end|invalid GGUF/i,
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
  { name, options, model_path: model }: Instance,
  memory: Memory | null,
): string[] {
  const { ctx_size: context } = options;
  const less = typeof context === 'number' && context > 0 ? Math.max(1, Math.min(4_096, context >> 1)) : 4_096;
  const smaller = `llamactl update ${name} -o ctx_size=${less} makes its context smaller; a smaller model takes less too`;
  switch (kindOf(cause)) {
    case 'model missing':
      return [
        `llamactl update ${name} --model FILE, if it lies elsewhere`,
        ...(model === undefined ? [] : [`or put it back: ${model}`]),
      ];
    case 'model unreadable':
      return [`chmod a+r ${model ?? 'FILE'}, and a+x its folders, so that the user of the server can read it`];
    case 'model damaged':
      return [`get the file again, it is damaged or no GGUF at all; or llamactl update ${name} --model FILE`];
    case 'model too new':
      return ['a newer llama-server may know this model; llamactl doctor says which one there is'];
    case 'port':
      return [
        `llamactl update ${name} --unset port takes a free one, --port N one of yours`,
        'or end what has the port',
      ];
    case 'engine missing':
      return [
        'llamactl quickstart gets a llama-server where there is none; engines.llama_cpp.command in the configuration names one',
        'llamactl doctor says which one is found, and where',
      ];
    case 'library missing':
      return [
        'install the library it names, or tell where it lies: -e LD_LIBRARY_PATH is for the engine in the configuration',
        'llamactl doctor tries the engine',
      ];
    case 'gpu memory':
      return [
        `llamactl update ${name} -o n_gpu_layers=20 leaves a part of it to the processor`,
        smaller,
        'llamactl stats shows what others take; llamactl stop frees it',
      ];
    case 'killed':
      return [
        `if nobody killed it, memory ran out${memory === null ? '' : ` (${memoryText(memory)} now)`}: journalctl -k | grep -i oom tells`,
        smaller,
      ];
    case 'memory':
      return [smaller, ...(memory === null ? [] : [`${memoryText(memory)} now; llamactl stats shows who takes it`])];
    case 'argument':
      return [argumentRemedy(cause, name, options)];
    case 'processor':
      return ['get a llama-server that was built for this processor; llamactl doctor says which one there is'];
    case 'crash':
      return [
        `llamactl logs ${name} -n 50 shows what it did last`,
        'a newer llama-server may not crash; check that the model file is whole',
      ];
    case 'no progress':
      return [
        'a slow disk takes its time: instances.start_timeout in the configuration is how long it may show no progress',
        `llamactl logs ${name} -n 50`,
      ];
    case 'no answer':
      return [`llamactl logs ${name} -n 50 shows what it was doing; fewer requests at once: -o parallel=1`];
    case 'end by itself':
      return [
        'something told it to end, or it has an option that makes it: look at its command with llamactl show ' + name,
      ];
    case 'unknown':
      return [`llamactl logs ${name} -n 50 shows what it said`];
  }
}

/** `7.1 GB of 8.0 GB of memory are in use`. */
export function memoryText({ used, total }: Memory): string {
  return `${bytes(used)} of the ${bytes(total)} of the machine are taken`;
}

function argumentRemedy(cause: string, name: string, options: Instance['options']): string {
  const flag = /(?:invalid argument:|argument) "?(--?[A-Za-z0-9-]+)/.exec(cause)?.[1] ?? '';
  const key = flag.replace(/^--?(?:no-)?/, '').replaceAll('-', '_');
  return Object.hasOwn(options, key)
    ? `llamactl update ${name} --unset options.${key}, or give it another value: -o ${key}=…`
    : `correct it: llamactl show ${name} shows its options and arguments, llamactl update ${name} changes them`;
}
