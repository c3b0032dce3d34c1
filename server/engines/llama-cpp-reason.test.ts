import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeOf } from '../instances/why/failure-cause.ts';
import { llamaCppReason } from './llama-cpp-reason.ts';

const FAILED = { code: 1, signal: null, at: 0 };
const killed = (signal: string, code: number) => ({ code, signal, at: 0 });

/** Output of llama-server b11669 in each case, without unrelated lines. */
const START = [
  '0.00.010.010 I srv          init: using 8 threads for HTTP server',
  '0.00.010.012 W srv  llama_server: security: no API key is set and CORS allows all origins',
];
const failedLoad = (model: string, causes: string[], follows: string[] = []): string[] => [
  ...START,
  `0.00.011.083 I srv    load_model: loading model '${model}'`,
  ...causes,
  '0.00.011.258 E llama_model_load_from_file_impl: failed to load model',
  '0.00.011.282 E common_fit_params: encountered an error while trying to fit params to free device memory: failed to load model',
  ...causes,
  '0.00.011.298 E llama_model_load_from_file_impl: failed to load model',
  ...follows,
  `0.00.011.299 E cmn  common_init_: failed to load model '${model}'`,
  `0.00.011.300 E srv    load_model: failed to load model, '${model}'`,
  '0.00.011.301 I srv    operator(): operator(): cleaning up before exit...',
  '0.00.011.644 E srv  llama_server: exiting due to model loading error',
];

describe('the reason why llama-server did not start', () => {
  it.each<[string, string[], string]>([
    [
      'a missing model',
      failedLoad('/models/nope.gguf', [
        "0.00.011.166 E gguf_init_from_file: failed to open GGUF file '/models/nope.gguf' (No such file or directory)",
        '0.00.011.247 E llama_model_load: error loading model: llama_model_loader: failed to load model from /models/nope.gguf',
      ]),
      "failed to open GGUF file '/models/nope.gguf' (No such file or directory)",
    ],
    [
      'a script, whose content is not mistaken for a file name',
      failedLoad('/opt/run', [
        "0.00.011.166 E gguf_init_from_reader: invalid magic characters: '#!/b', expected 'GGUF'",
        '0.00.011.247 E llama_model_load: error loading model: llama_model_loader: failed to load model from /opt/run',
      ]),
      'invalid magic characters (/opt/run)',
    ],
    [
      'a file that is no GGUF',
      failedLoad('garbage.gguf', [
        "0.00.013.901 E gguf_init_from_reader: invalid magic characters: '}???', expected 'GGUF'",
        '0.00.013.989 E llama_model_load: error loading model: llama_model_loader: failed to load model from garbage.gguf',
      ]),
      'invalid magic characters (garbage.gguf)',
    ],
    [
      'an empty file',
      failedLoad('/m/empty.gguf', [
        '0.00.012.386 E gguf_init_from_reader: failed to read magic',
        '0.00.012.472 E llama_model_load: error loading model: llama_model_loader: failed to load model from /m/empty.gguf',
      ]),
      'failed to read magic (/m/empty.gguf)',
    ],
    [
      'a truncated model',
      failedLoad('/m/trunc.gguf', [
        "0.00.017.106 E llama_model_load: error loading model: tensor 'blk.0.attn_k.weight' data is not within the file bounds, model is corrupted or incomplete",
      ]),
      "tensor 'blk.0.attn_k.weight' data is not within the file bounds, model is corrupted or incomplete (/m/trunc.gguf)",
    ],
    [
      'a missing part',
      failedLoad('/m/big-00001-of-00002.gguf', [
        "0.00.012.200 E gguf_init_from_file: failed to open GGUF file '/m/big-00002-of-00002.gguf' (No such file or directory)",
        '0.00.012.291 E llama_model_load: error loading model: llama_model_loader: failed to load GGUF split from /m/big-00002-of-00002.gguf',
      ]),
      "failed to open GGUF file '/m/big-00002-of-00002.gguf' (No such file or directory)",
    ],
    [
      'a part that is not the first',
      failedLoad('/m/big-00002-of-00002.gguf', [
        '0.00.012.916 E llama_model_load: error loading model: illegal split file idx: 1 (file: /m/big-00002-of-00002.gguf), model must be loaded with the first split',
      ]),
      'illegal split file idx: 1 (file: /m/big-00002-of-00002.gguf), model must be loaded with the first split',
    ],
    [
      'a port in use',
      [
        ...START,
        "0.00.010.363 E srv         start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 42533",
        '0.00.010.371 I srv    operator(): operator(): cleaning up before exit...',
        '0.00.010.427 E srv  llama_server: exiting due to HTTP server error',
      ],
      "couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 42533: is the port in use?",
    ],
    [
      'too little memory',
      [
        ...START,
        "0.00.016.737 I srv    load_model: loading model '/m/a.gguf'",
        '0.00.087.600 E ggml_aligned_malloc: insufficient memory (attempted to allocate 3295.97 MB)',
        '0.00.087.623 E ggml_backend_buft_alloc_buffer_n_default: failed to allocate CPU buffer of size 3456073728',
        '0.00.096.516 E llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache',
        "0.00.096.540 E cmn  common_init_: failed to create context with model '/m/a.gguf'",
        '0.00.097.019 E srv  llama_server: exiting due to model loading error',
      ],
      'insufficient memory (attempted to allocate 3295.97 MB) (/m/a.gguf)',
    ],
    [
      'an invalid adapter',
      [
        "0.00.011.083 I srv    load_model: loading model '/m/a.gguf'",
        "0.00.015.150 E llama_adapter_lora_init_from_file_ptr: failed to apply lora adapter: expect general.type to be 'adapter', but got: ",
        "0.00.015.182 E cmn  common_init_: failed to load lora adapter '/m/adapter.gguf'",
        "0.00.015.183 E cmn  common_init_: failed to create context with model '/m/a.gguf'",
        '0.00.015.555 E srv  llama_server: exiting due to model loading error',
      ],
      "failed to apply lora adapter: expect general.type to be 'adapter', but got: (/m/adapter.gguf)",
    ],
    [
      'an invalid projector',
      [
        "0.00.011.083 I srv    load_model: loading model '/m/a.gguf'",
        '0.00.019.263 E mtmd_get_memory_usage: error: Failed to load CLIP model from /m/mmproj.gguf',
        '',
        '0.00.019.270 E srv    load_model: [mtmd] failed to get memory usage of mmproj',
        "0.00.087.154 E srv    load_model: failed to load multimodal model, '/m/mmproj.gguf'",
        '0.00.096.580 E srv  llama_server: exiting due to model loading error',
      ],
      'Failed to load CLIP model from /m/mmproj.gguf',
    ],
    [
      'a backend that could not be loaded, which is harmless, before the cause',
      [
        '0.00.013.884 E load_backend: failed to load /lib/libggml-cuda.so: libcuda.so.1: cannot open shared object file',
        ...failedLoad('/m/empty.gguf', ['0.00.012.386 E gguf_init_from_reader: failed to read magic']),
      ],
      'failed to read magic (/m/empty.gguf)',
    ],
    [
      'only consequences of a cause',
      failedLoad('/m/a.gguf', []).filter((line) => !line.includes('_from_file_impl') && !line.includes('fit_params')),
      "failed to load model '/m/a.gguf'",
    ],
    ['an unknown flag', ['error: invalid argument: --bogus'], 'invalid argument: --bogus'],
    [
      'a value that is no number',
      [
        'error while handling argument "-c": stoi',
        '',
        'usage:',
        '-c,    --ctx-size N                     size of the prompt context',
        'to show complete usage, run with -h',
      ],
      'argument -c: not a number',
    ],
    [
      'a value that is missing',
      ['error while handling argument "-c": expected value for argument'],
      'argument -c: needs a value',
    ],
    [
      'a value that is unknown',
      ['error while handling argument "--flash-attn": error: unknown value for --flash-attn: \'maybe\''],
      "argument --flash-attn: unknown value for --flash-attn: 'maybe'",
    ],
    [
      'a variable with a bad value',
      ['error while handling environment variable "LLAMA_ARG_CTX_SIZE": stoi'],
      'environment variable LLAMA_ARG_CTX_SIZE: not a number',
    ],
    [
      'a missing library',
      [
        '/opt/llama-server: error while loading shared libraries: libllama.so: cannot open shared object file: No such file or directory',
      ],
      '/opt/llama-server: error while loading shared libraries: libllama.so: cannot open shared object file: No such file or directory',
    ],
    [
      'a program that could not be executed',
      ['llamactl-exec: 3: exec: /opt/llama-server: Permission denied'],
      'the engine could not be started: /opt/llama-server: Permission denied',
    ],
    ['no output at all', [], 'the engine exited with status 1 and wrote nothing'],
    [
      'unrelated output',
      ['something', 'odd happened', ''],
      'the engine exited with status 1; its last line: odd happened',
    ],
  ])('%s', (_case, lines, reason) => {
    expect(llamaCppReason(FAILED, lines, false)).toBe(reason);
  });

  it('is also read from JSON lines and through colours', () => {
    expect(
      llamaCppReason(
        FAILED,
        [
          '{"type":"log","time":17826,"level":"info","msg":"common_fit_params: fitting params to free memory took 0.00 seconds\\n"}',
          '{"type":"log","time":17835,"level":"error","msg":"gguf_init_from_reader: failed to read magic\\n"}',
          '{"type":"log","time":17855,"level":"error","msg":"srv    load_model: failed to load model, \'/m/a.gguf\'\\n"}',
          '{"type":"log","time":18286,"level":"error","msg":"srv  llama_server: exiting due to model loading error\\n"}',
          '{"type":"log","time":182',
        ],
        false,
      ),
    ).toBe('failed to read magic (/m/a.gguf)');
    expect(
      llamaCppReason(FAILED, ['\u001B[34m0.00.000.949\u001B[0m \u001B[31mE \u001B[0mgguf_init: failed to open'], false),
    ).toBe('failed to open');
    expect(llamaCppReason(FAILED, ['[34m0.00.000.949[0m [31mE [0mgguf_init: failed to open'], false)).toBe(
      'failed to open',
    );
  });
});

/** The end of the output of an engine without memory on its device, with the message that shows it. */
const SHORTAGES: readonly [string[], string][] = [
  [
    [
      'CUDA error: out of memory',
      '  current device: 0, in function alloc at /build/ggml/src/ggml-cuda/ggml-cuda.cu:449',
      '  ggml_cuda_device_malloc(&ptr, look_ahead_size, device)',
      '/build/ggml/src/ggml-cuda/ggml-cuda.cu:96: CUDA error',
      '[New LWP 13656]',
      '/usr/lib/libggml-base.so(ggml_abort+0x152)[0x7f1c]',
    ],
    'CUDA error: out of memory',
  ],
  [['ROCm error: out of memory', '/build/ggml/src/ggml-cuda/ggml-cuda.cu:96: ROCm error'], 'ROCm error: out of memory'],
  [
    [
      'ggml_vulkan: Device memory allocation of size 268435456 failed.',
      'ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
      "terminate called after throwing an instance of 'vk::OutOfDeviceMemoryError'",
      '  what():  vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
    ],
    'vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
  ],
  [
    [
      'ggml_metal_synchronize: error: command buffer 0 failed with status 5',
      '/build/ggml/src/ggml-metal/ggml-metal-context.m:235: fatal error',
      'error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)',
      'WARNING: Using native backtrace. Set GGML_BACKTRACE_LLDB for more info.',
      '0   libggml-base.0.9.5.dylib            0x000000010579936c ggml_print_backtrace + 276',
    ],
    'Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)',
  ],
  [
    ['CUDA error: the resource allocation failed', '/build/ggml/src/ggml-cuda/ggml-cuda.cu:96: CUDA error'],
    'CUDA error: the resource allocation failed',
  ],
];

describe('the reason why llama-server ended', () => {
  const loading = [...START, "0.00.011.083 I srv    load_model: loading model '/m/a.gguf'"];

  it('is a signal alone, if the output is unrelated', () => {
    expect(llamaCppReason(killed('SIGKILL', 137), loading, false)).toBe(
      'the engine was killed by SIGKILL; if no user or program did that, the system ran out of memory',
    );
    expect(llamaCppReason({ code: 137, signal: null, at: 0 }, loading, true)).toContain('SIGKILL');
    expect(llamaCppReason(killed('SIGTERM', 143), loading, false)).toBe('the engine was ended by SIGTERM');
    expect(llamaCppReason(killed('SIGILL', 132), loading, false)).toContain('another processor');
  });

  it('is a crash with its message', () => {
    const aborted = [
      ...loading,
      '0.00.014.939 ./common/common.cpp:2248: get_sub_batch: failed to add token 2 at index 1 (error -1, n = 2)',
      '[New LWP 13656]',
    ];
    expect(llamaCppReason(killed('SIGABRT', 134), aborted, false)).toBe(
      'the engine aborted (SIGABRT): get_sub_batch: failed to add token 2 at index 1 (error -1, n = 2)',
    );
    const thrown = [
      "terminate called after throwing an instance of 'std::runtime_error'",
      '  what():  failed to parse grammar',
    ];
    expect(llamaCppReason({ code: 134, signal: null, at: 0 }, thrown, true)).toBe(
      'the engine aborted (SIGABRT): failed to parse grammar',
    );
    expect(llamaCppReason(killed('SIGSEGV', 139), [], true)).toBe('the engine crashed (SIGSEGV)');
  });

  it('is the shortage of device memory behind an abort, before and after the engine was ready', () => {
    for (const wasReady of [false, true]) {
      for (const exit of [killed('SIGABRT', 134), FAILED]) {
        for (const [lines, said] of SHORTAGES) {
          const reason = llamaCppReason(exit, [...loading, ...lines], wasReady);
          expect(reason).toBe(`the engine ${exit === FAILED ? 'exited with status 1' : 'aborted (SIGABRT)'}: ${said}`);
          expect(causeOf(reason, { engine: 'llama_cpp' })).toBe('gpu_memory');
        }
      }
    }
  });

  it('is no shortage of device memory that the engine survived long ago', () => {
    const lines = ['ggml_vulkan: Device memory allocation of size 268435456 failed.'];
    const later = Array<string>(200).fill('1.00.000.000 I srv  update_slots: all slots are idle');
    expect(llamaCppReason(FAILED, [...lines, ...later], true)).toBe('the engine exited with status 1');
  });

  it('is an unexpected exit', () => {
    expect(llamaCppReason({ code: 0, signal: null, at: 0 }, [], true)).toBe(
      'the engine exited with status 0, although llamactl did not stop it',
    );
    expect(llamaCppReason({ code: null, signal: null, at: 0 }, [], true)).toBe(
      'the engine ended; its exit status is unknown',
    );
  });

  it('is no old error when the engine was ready', () => {
    const lines = [
      '0.00.087.600 E srv    send_error: the request exceeds the context size',
      ...Array<string>(10).fill('1.00.000.000 I srv  update_slots: all slots are idle'),
    ];
    expect(llamaCppReason(FAILED, lines, true)).toBe('the engine exited with status 1');
    const last = [...lines, '2.00.000.000 E srv    operator(): the device was lost'];
    expect(llamaCppReason(FAILED, last, true)).toBe('the engine exited with status 1: the device was lost');
  });

  it('is one line, whatever the output', () => {
    const code = fc.option(fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        code,
        fc.array(fc.string().filter((line) => !line.includes('\n'))),
        fc.boolean(),
        (exitCode, lines, wasReady) => {
          const reason = llamaCppReason({ code: exitCode, signal: null, at: 0 }, lines, wasReady);
          expect(reason).toMatch(/^.+$/);
        },
      ),
    );
  });
});
