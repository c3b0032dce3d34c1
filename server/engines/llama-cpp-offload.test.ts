import { describe, expect, it } from 'vitest';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { llamaCppOffload } from './llama-cpp-offload.ts';

const NO_GPU = [
  'warning: no usable GPU found, --gpu-layers option will be ignored',
  'warning: one possible reason is that llama.cpp was compiled without GPU support',
];
const line = (layers: number, of: number): string =>
  `0.01.003.122 I load_tensors: offloaded ${layers}/${of} layers to GPU`;

function plan(argv: string[], environment: Record<string, string> = {}): LaunchPlan {
  const fixed = { command: 'llama-server', keyVariable: null, port: 8_100, healthPath: '/health' };
  return { ...fixed, argv: ['--model', '/m.gguf', ...argv], environment };
}

const less = (message: string) => ({ kind: 'less', shortfall: message });
const AS_REQUESTED = { kind: 'as requested' };
const NOT_REQUESTED = { kind: 'not requested' };

describe('llamaCppOffload', () => {
  it.each([
    [['-ngl', '99'], [line(33, 33)], AS_REQUESTED],
    [['-ngl', '99'], [line(12, 33)], less('offloaded 12/33 layers to GPU')],
    [['--gpu-layers', '20'], [line(20, 33)], AS_REQUESTED],
    [['--gpu-layers', '20'], [line(12, 33)], less('offloaded 12/33 layers to GPU of the 20 requested')],
    [['--n-gpu-layers', 'all'], [line(0, 33)], less('offloaded 0/33 layers to GPU')],
    [['-ngl', '-2'], [line(30, 33)], less('offloaded 30/33 layers to GPU')],
    [['-ngl', '0', '-ngl', '99'], [line(12, 33)], less('offloaded 12/33 layers to GPU')],
  ])('for %j and the output %j: %j', (argv, lines, expected) => {
    expect(llamaCppOffload(plan(argv), lines)).toEqual(expected);
  });

  it('is not reported when the engine decided and took the whole model, or logged nothing', () => {
    for (const argv of [[], ['-ngl', 'auto'], ['-ngl', '-1']]) {
      expect(llamaCppOffload(plan(argv), [line(12, 33)])).toEqual(less('offloaded 12/33 layers to GPU'));
      expect(llamaCppOffload(plan(argv), [line(33, 33)])).toEqual(AS_REQUESTED);
    }
  });

  it('reports a missing GPU when layers were requested', () => {
    const expected = less('found no usable GPU, so none of its layers is offloaded');
    expect(llamaCppOffload(plan(['-ngl', '20']), NO_GPU)).toEqual(expected);
    expect(llamaCppOffload(plan([], { LLAMA_ARG_N_GPU_LAYERS: 'all' }), NO_GPU)).toEqual(expected);
  });

  it.each([
    ['said nothing of GPUs', plan([])],
    ['left it to the engine', plan(['-ngl', 'auto'])],
    ['wants none', plan(['-ngl', '0'])],
    ['wants none, by the variable', plan([], { LLAMA_ARG_N_GPU_LAYERS: '0' })],
    ['wants no device', plan(['-ngl', '99', '--device', 'none'])],
  ])('is not reported without a GPU to a user who %s', (_who, asked) => {
    expect(llamaCppOffload(asked, NO_GPU)).toEqual(NOT_REQUESTED);
  });

  it('is not reported when no layers were requested', () => {
    expect(llamaCppOffload(plan(['-ngl', '0']), [line(0, 33)])).toEqual(NOT_REQUESTED);
  });

  it('is unclear when the engine logs too little', () => {
    expect(llamaCppOffload(plan(['-ngl', '20']), ['0.00.214.890 I srv  llama_server: model loaded'])).toEqual({
      kind: 'unclear',
    });
  });

  it('uses the main model, not the draft model, and the last attempt', () => {
    const asked = plan(['-ngl', '99', '--model-draft', '/d.gguf']);
    expect(llamaCppOffload(asked, [line(33, 33), line(12, 33), line(7, 7)])).toEqual(
      less('offloaded 12/33 layers to GPU'),
    );
    expect(llamaCppOffload(asked, [line(12, 33), line(33, 33), line(3, 7)])).toEqual(AS_REQUESTED);
  });
});
