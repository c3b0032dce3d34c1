import { describe, expect, it } from 'vitest';
import { KeptRequest, Workbench } from './kept-request.ts';

describe('a kept request', () => {
  it('has the outcome of its last run, also after a failure', async () => {
    const request = new KeptRequest(async (text: string) => {
      if (text === '') throw new Error('empty');
      return text.length;
    });
    await request.run('');
    expect(request.state.get()).toMatchObject({ isRunning: false, result: null, error: { message: 'empty' } });
    await request.run('four');
    expect(request.state.get()).toEqual({ isRunning: false, result: 4, error: null });
  });

  it('takes one run at a time', async () => {
    const end = Promise.withResolvers<string>();
    const asked: string[] = [];
    const request = new KeptRequest((text: string) => {
      asked.push(text);
      return end.promise;
    });
    const running = request.run('one');
    await request.run('two');
    expect([asked, request.state.get().isRunning]).toEqual([['one'], true]);
    end.resolve('answer');
    await running;
    expect(request.state.get().result).toBe('answer');
  });

  it('is that of its instance', async () => {
    const bench = new Workbench('', async (instance: string, input: string) => `${instance}: ${input}`);
    await bench.of('a').run('text');
    expect(bench.of('a').state.get().result).toBe('a: text');
    expect(bench.of('b').state.get().result).toBeNull();
  });
});
