import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import { errorOf, testServer } from '../../testing/http-harness.ts';

let domain: Domain;

beforeEach(async () => {
  domain = new Domain();
  await domain.manager.create({ name: 'a', model_path: '/m.gguf', port: 9_000 });
  domain.adapter.problems = [
    { code: 'VALIDATION_ERROR', path: 'options.ctx_sise', message: 'is not an option of this engine' },
  ];
});

afterEach(() => domain.crash());

async function refusal(method: 'POST' | 'PUT', url: string, payload: object): Promise<ReturnType<typeof errorOf>> {
  const { inject } = testServer({ manager: domain.manager });
  const answer = await inject({ method, url, payload });
  expect(answer.statusCode).toBe(400);
  return errorOf(answer.payload);
}

const pathsOf = ({ errors = [] }: ReturnType<typeof errorOf>): string[] => errors.map(({ path }) => path);

describe('a refused create', () => {
  it('lists the problems of the form, of options and of claims at once', async () => {
    const payload = { name: 'a b', port: 99_999, model_path: '/m.gguf', options: { ctx_sise: 1 } };
    const error = await refusal('POST', '/api/instances', payload);
    expect(pathsOf(error)).toEqual(['name', 'port', 'options.ctx_sise']);
    expect(error.error).toMatch(/^name .* \(and 2 more problems\)$/);
    expect(error.details).toContain('options.ctx_sise is not an option of this engine');
  });

  it('judges the accepted entries of a map beside refused ones', async () => {
    const payload = { name: 'b', model_path: '/m.gguf', options: { threads: {}, ctx_sise: 1 } };
    const error = await refusal('POST', '/api/instances', payload);
    expect(pathsOf(error)).toEqual(['options.threads', 'options.ctx_sise']);
  });

  it('reports no missing model beside a refused one', async () => {
    const error = await refusal('POST', '/api/instances', { name: 'b', model_path: 7, options: { ctx_sise: 1 } });
    expect(pathsOf(error)).toEqual(['model_path', 'options.ctx_sise']);
  });

  it('lists an unknown model beside a wrong option', async () => {
    const error = await refusal('POST', '/api/instances', { name: 'b', model: 'gone', options: { ctx_sise: 1 } });
    expect(pathsOf(error)).toEqual(['model', 'options.ctx_sise']);
  });

  it('creates nothing', async () => {
    await refusal('POST', '/api/instances', { name: 'b', port: 99_999, model_path: '/m.gguf' });
    expect(domain.manager.list().map(({ name }) => name)).toEqual(['a']);
  });
});

describe('a refused update', () => {
  it('lists the problems of the form and of options at once', async () => {
    const error = await refusal('PUT', '/api/instances/a', { port: 99_999, options: { ctx_sise: 1 } });
    expect(pathsOf(error)).toEqual(['port', 'options.ctx_sise']);
  });

  it('lists another name beside a wrong option', async () => {
    const error = await refusal('PUT', '/api/instances/a', { name: 'b', options: { ctx_sise: 1 } });
    expect(pathsOf(error)).toEqual(['name', 'options.ctx_sise']);
  });

  it('of an unknown instance lists the problems of the form', async () => {
    const error = await refusal('PUT', '/api/instances/gone', { port: 99_999 });
    expect(pathsOf(error)).toEqual(['port']);
  });
});
