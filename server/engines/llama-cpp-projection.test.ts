import { describe, expect, it } from 'vitest';
import { llamaCppFit, llamaCppProjection } from './llama-cpp-projection.ts';

const MEBIBYTE = 1_048_576;

/** Output of build 11669 with SmolLM2 on a processor with AMX; it reduced the context to leave memory free. */
const TEXT = `
0.00.081.460 I common_params_fit_impl: getting device memory data for initial parameters:
0.00.302.401 I common_memory_breakdown_print: | memory breakdown [MiB] | total   free    self   model   context   compute    unaccounted |
0.00.303.964 I common_memory_breakdown_print: |   - Host               |                  231 =    28 +     180 +      22                |
0.00.303.965 I common_memory_breakdown_print: |   - AMX                |                   95 =    95 +       0 +       0                |
0.00.323.280 I common_params_fit_impl: projected to use 231 MiB of host memory vs. 24105 MiB of total host memory
0.00.323.396 I common_params_fit_impl: cannot meet free memory target of 24100 MiB, need to reduce device memory by 226 MiB
0.00.432.270 I common_memory_breakdown_print: | memory breakdown [MiB] | total   free    self   model   context   compute    unaccounted |
0.00.434.880 I common_memory_breakdown_print: |   - Host               |                  137 =    28 +      90 +      18                |
0.00.434.892 I common_memory_breakdown_print: |   - AMX                |                   95 =    95 +       0 +       0                |
0.00.443.484 I common_params_fit_impl: context size reduced from 8192 to 4096 -> need 94 MiB less memory in total
0.04.954.415 I srv  llama_server: listening on http://127.0.0.1:33951
`.split('\n');

/** The same with `--log-jsonl`. */
const JSON_LINES = [
  '{"type":"log","time":15139,"level":"info","msg":"srv    load_model: loading model \'m.gguf\'\\n"}',
  '{"type":"fit_memory_breakdown","data":{"unit":"MiB","rows":[{"kind":"host","name":"Host","self":231,"model":28,"context":180,"compute":22},{"kind":"buffer_type","name":"AMX","self":95,"model":95,"context":0,"compute":0}]}}',
  '{"type":"fit_memory_breakdown","data":{"unit":"MiB","rows":[{"kind":"host","name":"Host","self":137,"model":28,"context":90,"compute":18},{"kind":"buffer_type","name":"AMX","self":95,"model":95,"context":0,"compute":0}]}}',
  '{"type":"log","time":2461672,"level":"info","msg":"srv  llama_server: listening on http://127.0.0.1:37655\\n"}',
];

const REDUCED = {
  devices: [{ device: 'ram', weights: (28 + 95) * MEBIBYTE, cache: 90 * MEBIBYTE, compute: 18 * MEBIBYTE }],
};

describe('the memory that llama-server reports', () => {
  it('is the last report of several, with weights in another order', () => {
    expect(llamaCppProjection(TEXT)).toEqual(REDUCED);
    expect(llamaCppProjection(JSON_LINES)).toEqual(REDUCED);
  });

  it('is the first report while there is no other', () => {
    expect(llamaCppProjection(TEXT.slice(0, 5))?.devices).toMatchObject([{ cache: 180 * MEBIBYTE }]);
  });

  it('is final when the engine has settled its options', () => {
    const settled = '0.00.444.000 I common_fit_params: fitting params to free memory took 0.36 seconds';
    const unchanged =
      '0.00.023.109 I common_params_fit_impl: will leave 24090 >= 1024 MiB of system memory, no changes needed';
    expect(llamaCppFit(TEXT)).toBe(null);
    expect(llamaCppFit([...TEXT, settled])).toEqual({ ...REDUCED, isReduced: true });
    expect(llamaCppFit([...TEXT.slice(0, 5), unchanged, settled, ...TEXT])).toMatchObject({
      devices: [{ cache: 180 * MEBIBYTE }],
      isReduced: false,
    });
    expect(llamaCppFit([settled])).toBe(null);
  });

  it('has a row for each GPU', () => {
    // From the description of the table in llama.cpp's sources; no GPU was tried.
    const lines = [
      '| memory breakdown [MiB] | total   free     self   model   context   compute    unaccounted |',
      '|   - CUDA0 (RTX 4090)   | 24080 =  9436 + (14193 = 13169 +     128 +     896) +         451 |',
      '|   - Host               |                   334 =   166 +      96 +      72                |',
    ].map((line) => `0.00.300.000 I common_memory_breakdown_print: ${line}`);
    expect(llamaCppProjection(lines)?.devices).toEqual([
      { device: 'CUDA0', weights: 13_169 * MEBIBYTE, cache: 128 * MEBIBYTE, compute: 896 * MEBIBYTE },
      { device: 'ram', weights: 166 * MEBIBYTE, cache: 96 * MEBIBYTE, compute: 72 * MEBIBYTE },
    ]);
  });

  it.each([
    ['nothing', []],
    ['other lines', ['0.00.302.401 I srv  llama_server: listening on http://127.0.0.1:1']],
    ['a line that is cut off', ['{"type":"fit_memory_breakdown","data":{"unit":"MiB","rows":[{"kind":"ho']],
    ['an unknown unit', ['{"type":"fit_memory_breakdown","data":{"unit":"GiB","rows":[]}}']],
  ])('is unknown from %s', (_case, lines) => {
    expect(llamaCppProjection(lines)).toBe(null);
  });
});
