import type { LogLevel } from '@llamactl/contract/logs';
import { LogEntrySchema } from '@llamactl/contract/logs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine } from './clean-text.ts';
import { LineParser, MAX_MESSAGE_CHARACTERS } from './parse.ts';

const STARTED_AT = Date.UTC(2024, 0, 15, 14, 30);
const STARTED = '2024-01-15T14:30:00.000Z';

/** The entries of consecutive lines. */
function parsed(...lines: string[]): [timestamp: string, level: LogLevel, message: string][] {
  const parser = new LineParser(STARTED_AT);
  return lines.map((line) => {
    parser.take(line);
    const { timestamp, level, message } = parser.entry(0, false);
    return [timestamp, level, message];
  });
}

const local = (year: number, month: number, ...rest: number[]): string =>
  new Date(year, month - 1, ...rest).toISOString();

describe('LineParser for llama-server', () => {
  it('reads the clock since the start of the run, and the level', () => {
    expect(
      parsed(
        "0.00.005.209 W srv  llama_server: CORS is set to allow all origins ('*') and no API key is set",
        '0.00.006.603 I srv    load_model: loading model',
        '0.00.007.040 E gguf_init_from_file: failed to open GGUF file',
        '0.01.008.000 D slot print_timing: id  1',
      ),
    ).toEqual([
      [
        '2024-01-15T14:30:00.005Z',
        'warn',
        "srv  llama_server: CORS is set to allow all origins ('*') and no API key is set",
      ],
      ['2024-01-15T14:30:00.006Z', 'info', 'srv    load_model: loading model'],
      ['2024-01-15T14:30:00.007Z', 'error', 'gguf_init_from_file: failed to open GGUF file'],
      ['2024-01-15T14:30:01.008Z', 'debug', 'slot print_timing: id  1'],
    ]);
  });

  it('grades fatal messages of compute backends as errors, which have no level', () => {
    const levels = (...lines: string[]): LogLevel[] => parsed(...lines).map(([, level]) => level);
    expect(
      levels(
        '0.00.006.603 I srv    load_model: loading model',
        'CUDA error: out of memory',
        '  current device: 0, in function alloc at /build/ggml-cuda.cu:449',
        '  ggml_cuda_device_malloc(&ptr, look_ahead_size, device)',
        '/build/ggml/src/ggml-cuda/ggml-cuda.cu:96: CUDA error',
        '0.00.014.939 ggml-cuda.cu:96: CUDA error',
        '[New LWP 13656]',
      ),
    ).toEqual(['info', 'error', 'error', 'info', 'error', 'error', 'info']);
    expect(
      levels(
        'ggml_vulkan: Device memory allocation of size 268435456 failed.',
        'ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
        "terminate called after throwing an instance of 'vk::OutOfDeviceMemoryError'",
        '  what():  vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
        'ggml_metal_synchronize: error: command buffer 0 failed with status 5',
        'error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)',
        'ROCm error: out of memory',
      ),
    ).toEqual(Array(7).fill('error'));
    expect(levels('ggml_vulkan: Found 1 Vulkan devices:', 'ggml_cuda_init: found 1 CUDA devices')).toEqual([
      'info',
      'info',
    ]);
  });

  it('reads any number of minutes', () => {
    expect(parsed('1441.02.003.004 I a day later')).toEqual([['2024-01-16T14:31:02.003Z', 'info', 'a day later']]);
    expect(parsed(`${'9'.repeat(400)}.02.003.004 I for ever`)[0]?.[0]).toBe('9999-12-31T23:59:59.999Z');
  });

  it('reads lines without a message', () => {
    expect(parsed('0.00.001.000 I ', '0.00.002.000 I')).toEqual([
      ['2024-01-15T14:30:00.001Z', 'info', ''],
      ['2024-01-15T14:30:00.002Z', 'info', ''],
    ]);
  });

  it("keeps the child's port from a router", () => {
    expect(parsed('[52513] 0.00.114.024 W srv  llama_server: listening', '[   80] 0.00.115.000 E x')).toEqual([
      ['2024-01-15T14:30:00.114Z', 'warn', '[52513] srv  llama_server: listening'],
      ['2024-01-15T14:30:00.115Z', 'error', '[   80] x'],
    ]);
  });

  it('reads lines without a clock', () => {
    expect(
      parsed('0.00.001.000 I with', 'E gguf_init_from_file: failed', 'W srv    load_model: slow', 'E flat is a key'),
    ).toEqual([
      ['2024-01-15T14:30:00.001Z', 'info', 'with'],
      ['2024-01-15T14:30:00.001Z', 'error', 'gguf_init_from_file: failed'],
      ['2024-01-15T14:30:00.001Z', 'warn', 'srv    load_model: slow'],
      ['2024-01-15T14:30:00.001Z', 'warn', 'E flat is a key'],
    ]);
  });

  it('ignores similar lines', () => {
    const lines = [
      '3.14 E is no clock',
      '1.60.000.000 E no minute has sixty seconds',
      '1.2.3.4 E an address',
      '0.00.001.00x E no digit',
      '0.00.001.000 X no letter',
      '0.00.001.000 Error',
      '.00.001.000 E no minutes',
      '10.20.100.200 - an address',
    ];
    expect(parsed(...lines)).toEqual(lines.map((line) => [STARTED, 'info', line]));
  });

  it('reproduces what was written', () => {
    const message = fc.string({ unit: fc.constantFrom('a', ' ', '.', '0', 'E', '漢', '[', '{'), maxLength: 30 });
    const offset = fc.nat({ max: 100 * 60_000_000 });
    fc.assert(
      fc.property(offset, fc.constantFrom('I', 'W', 'E', 'D'), message, (micros, letter, message) => {
        const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');
        const clock = [micros / 60e6, (micros / 1e6) % 60, (micros / 1e3) % 1e3, micros % 1e3];
        const text = clock.map((value, index) => part(value, [1, 2, 3, 3][index] ?? 0)).join('.');
        const expected = new Date(STARTED_AT + Math.floor(micros / 1e3)).toISOString();
        const level = { I: 'info', W: 'warn', E: 'error', D: 'debug' }[letter];
        expect(parsed(`${text} ${letter} ${message}`)).toEqual([[expected, level, message]]);
      }),
    );
  });
});

describe('LineParser for a line without clock or level', () => {
  it('uses those of the line that it continues', () => {
    expect(parsed('0.00.001.000 E first', '  and more', '', '0.00.002.000 I next', 'more')).toEqual([
      ['2024-01-15T14:30:00.001Z', 'error', 'first'],
      ['2024-01-15T14:30:00.001Z', 'error', '  and more'],
      ['2024-01-15T14:30:00.001Z', 'error', ''],
      ['2024-01-15T14:30:00.002Z', 'info', 'next'],
      ['2024-01-15T14:30:00.002Z', 'info', 'more'],
    ]);
  });

  it('says which lines have no time of their own', () => {
    const parser = new LineParser(STARTED_AT);
    const untimed = ['Loading', '0.00.001.000 E first', '  and more', '0.00.002.000 I next'].map((line) => {
      parser.take(line);
      return parser.entry(0, false).untimed;
    });
    expect(untimed).toEqual([true, undefined, true, undefined]);
  });

  it('uses info and the start of the run at the beginning', () => {
    expect(parsed('Loading weights')).toEqual([[STARTED, 'info', 'Loading weights']]);
  });

  it('uses error or warning from its prefix, for this line only', () => {
    expect(
      parsed('error: invalid argument: --bogus', 'usage', 'Error: listen EADDRINUSE', 'warning: slow', 'errors: none'),
    ).toEqual([
      [STARTED, 'error', 'error: invalid argument: --bogus'],
      [STARTED, 'info', 'usage'],
      [STARTED, 'error', 'Error: listen EADDRINUSE'],
      [STARTED, 'warn', 'warning: slow'],
      [STARTED, 'info', 'errors: none'],
    ]);
  });
});

describe('LineParser for other engines', () => {
  it.each([
    ['2024-01-15 14:30:01,123 - INFO - Starting', local(2024, 1, 15, 14, 30, 1, 123), 'info', 'Starting'],
    ['2024-01-15 14:30:01,123 - mlx - ERROR - no model', local(2024, 1, 15, 14, 30, 1, 123), 'error', 'mlx - no model'],
    ['2024-01-15 14:30:01.5 | WARNING  | a:b:1 - text', local(2024, 1, 15, 14, 30, 1, 500), 'warn', 'a:b:1 - text'],
    ['2024-01-15T14:30:01Z INFO ready', '2024-01-15T14:30:01.000Z', 'info', 'ready'],
    ['2024-01-15T14:30:01.123456Z  WARN router: text', '2024-01-15T14:30:01.123Z', 'warn', 'router: text'],
    ['2024-01-15T16:30:01+02:00 FATAL text', '2024-01-15T14:30:01.000Z', 'error', 'text'],
    ['[2024-01-15 14:30:01 -0100] [123] [CRITICAL] text', '2024-01-15T15:30:01.000Z', 'error', 'text'],
    ['2024/01/15 14:30:01 text', local(2024, 1, 15, 14, 30, 1), 'info', 'text'],
    ['2024-01-15 14:30:01 error: text', local(2024, 1, 15, 14, 30, 1), 'error', 'text'],
    ['2024-01-15 14:30:01 Information is power', local(2024, 1, 15, 14, 30, 1), 'info', 'Information is power'],
    ['2024-01-15 14:30:01', local(2024, 1, 15, 14, 30, 1), 'info', ''],
    ['INFO 01-15 14:30:05 [file.py:12] text', local(2024, 1, 15, 14, 30, 5), 'info', '[file.py:12] text'],
    ['(Core pid=7) ERROR 01-16 14:30:05 [a.py:1] x', local(2024, 1, 16, 14, 30, 5), 'error', '(Core pid=7) [a.py:1] x'],
    ['INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK', STARTED, 'info', '127.0.0.1:5 - "GET / HTTP/1.1" 200 OK'],
    ['WARNING: text', STARTED, 'warn', 'text'],
    ['CRITICAL: text', STARTED, 'error', 'text'],
    ['[ERROR] text', STARTED, 'error', 'text'],
    ['ERROR loading weights', STARTED, 'error', 'ERROR loading weights'],
    ['INFORMATIVE: text', STARTED, 'info', 'INFORMATIVE: text'],
    ['[ERROR text', STARTED, 'info', '[ERROR text'],
    [
      '127.0.0.1 - - [15/Jan/2024 14:30:09] "POST /v1 HTTP/1.1" 200 -',
      local(2024, 1, 15, 14, 30, 9),
      'info',
      '127.0.0.1 - - [15/Jan/2024 14:30:09] "POST /v1 HTTP/1.1" 200 -',
    ],
    ['2024-13-15 14:30:01 no month', STARTED, 'info', '2024-13-15 14:30:01 no month'],
  ])('%s', (line, timestamp, level, message) => {
    expect(parsed(line)).toEqual([[timestamp, level, message]]);
  });

  it('continues a level over a traceback', () => {
    expect(
      parsed('ERROR:    Exception in ASGI application', 'Traceback (most recent call last):', 'ValueError: x'),
    ).toEqual([
      [STARTED, 'error', 'Exception in ASGI application'],
      [STARTED, 'error', 'Traceback (most recent call last):'],
      [STARTED, 'error', 'ValueError: x'],
    ]);
  });

  it('uses the next year for a day before the start of the run', () => {
    const parser = new LineParser(new Date(2023, 11, 31, 23, 59).getTime());
    parser.take('INFO 12-31 23:59:30 [a.py:1] old');
    expect(parser.at).toBe(new Date(2023, 11, 31, 23, 59, 30).getTime());
    parser.take('INFO 01-01 00:00:10 [a.py:1] new');
    expect(parser.at).toBe(new Date(2024, 0, 1, 0, 0, 10).getTime());
  });
});

describe('LineParser for JSON lines', () => {
  const at = '2024-01-15T14:30:01.500Z';
  it.each([
    ['{"type":"log","level":"warn","message":"text","timestamp":1705329001.5}', at, 'warn', 'text'],
    ['{"severity":"ERROR","msg":"text","ts":1705329001500}', at, 'error', 'text'],
    ['{"lvl":"D","text":"text\\n","time":"2024-01-15T14:30:01.5Z"}', at, 'debug', 'text'],
    ['{"level":3,"message":"two\\nlines","timestamp":"1705329001500"}', at, 'warn', 'two lines'],
    ['{"message":"\\u001b[31mred\\u001b[0m"}', STARTED, 'info', 'red'],
    ['{"message":"early","timestamp":12}', STARTED, 'info', 'early'],
  ])('%s', (line, timestamp, level, message) => {
    expect(parsed(line)).toEqual([[timestamp, level, message]]);
  });

  it.each([
    '{"type":"fit_memory_breakdown","data":{},"message":"text"}',
    '{"message":12}',
    '{"not":"a log"}',
    '{not JSON}',
    '{"message":"unended"',
  ])('leaves %s unchanged', (line) => {
    expect(parsed(line)).toEqual([[STARTED, 'info', line]]);
  });
});

describe('LineParser for any line', () => {
  it('makes an entry without control characters', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '0.00.001.002 E ',
        '[12] ',
        '2024-01-15 14:30:00',
        ' - INFO - ',
        'WARNING: ',
        '{"message":"',
        '"}',
        '\u001b[',
      ),
      fc.constantFrom(
        '\\u0000',
        '\\n',
        '\r',
        '\0',
        '\u001b',
        'error: ',
        '01-15 14:30:00',
        'pid=',
        '(a pid=1) ',
        '+99:99',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 8 }), { maxLength: 5 }), fc.integer(), (lines, startedAt) => {
        const parser = new LineParser(startedAt);
        for (const line of lines) {
          parser.take(cleanLine(line.join('').replaceAll('\n', '')));
          const entry = parser.entry(1, false);
          expect(LogEntrySchema.parse(entry)).toEqual(entry);
          expect(entry.message).not.toMatch(/(?!\t)\p{Cc}/u);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('cuts a very long line', () => {
    const [[, , message] = []] = parsed(`0.00.001.002 E ${'x'.repeat(100_000)}`);
    expect(message).toBe(`${'x'.repeat(MAX_MESSAGE_CHARACTERS - 1)}…`);
  });
});
