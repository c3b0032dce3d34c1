import { describe, expect, it } from 'vitest';
import {
  engineAdapterContract,
  engineEndpointContract,
  engineRecord,
  enginesContract,
} from './contracts/engine.contract.ts';
import { FakeEngineAdapter, FakeEngineEndpoint, FakeEngines } from './fake-engines.ts';

engineAdapterContract('FakeEngineAdapter', () => ({
  adapter: new FakeEngineAdapter(),
  startable: engineRecord({ model_path: '/models/a.gguf' }),
}));

enginesContract('FakeEngines', () => new FakeEngines(), ['llama_cpp', 'custom']);

engineEndpointContract('FakeEngineEndpoint', () => {
  const endpoint = new FakeEngineEndpoint();
  let port = 8_000;
  return {
    endpoint,
    serve: (behaviour) => {
      port += 1;
      endpoint.answer(port, behaviour === 'hang' ? () => new Promise(() => {}) : behaviour);
      return Promise.resolve(port);
    },
  };
});

describe('FakeEngineAdapter', () => {
  it('reports the problems that a test sets', async () => {
    const adapter = new FakeEngineAdapter();
    const { settings } = engineRecord();
    adapter.problems = [{ code: 'VALIDATION_ERROR', path: 'options.x', message: 'is wrong' }];
    adapter.warnings = ['careful'];
    adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'there is no model' };
    expect(await adapter.check(settings)).toEqual({ problems: adapter.problems, warnings: ['careful'] });
    expect(await adapter.preflight()).toEqual(adapter.startProblem);
  });

  it('drops twins', () => {
    const { settings } = engineRecord({ options: { context_size: 1, x: 2 } });
    expect(new FakeEngineAdapter().withoutTwins(settings, ['ctx_size'])).toEqual({ x: 2 });
  });
});

describe('FakeEngineEndpoint', () => {
  it('records its probes, and accepts new answers', async () => {
    const endpoint = new FakeEngineEndpoint();
    const target = { port: 1, healthPath: '/health', key: 'k' };
    expect(await endpoint.probe(target, 1)).toBe('closed');
    endpoint.answer(1, 'ok');
    expect(await endpoint.probe(target, 1)).toBe('ok');
    expect(endpoint.probes).toEqual([target, target]);
  });
});
