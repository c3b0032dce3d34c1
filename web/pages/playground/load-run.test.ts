import { describe, expect, it } from 'vitest';
import type { AnswerFigures } from './answer-figures.ts';
import { loadFigures, LoadRun, type LoadPlan } from './load-run.ts';
import { percentile } from './percentiles.ts';

const figures: AnswerFigures = {
  firstToken: 0.2,
  queue: null,
  prompt: null,
  tokens: 10,
  promptTokens: null,
  tokensPerSecond: 50,
  seconds: 1,
};
const plan: LoadPlan = { body: { model: 'chat', messages: [] }, atOnce: 2, answers: 5 };

describe('percentiles', () => {
  it('are values that occurred', () => {
    const values = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.95)).toBe(95);
    expect(percentile([7], 0.95)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe('a load test', () => {
  it('asks for all answers, at most so many at once as planned', async () => {
    let now = 0;
    let most = 0;
    let count = 0;
    const run = new LoadRun({
      read: async () => {
        count += 1;
        most = Math.max(most, count);
        await Promise.resolve();
        count -= 1;
        now += 1_000;
        return { text: '', reasoning: '', isCut: false, figures };
      },
      nextFrame: (paint) => paint(),
      now: () => now,
    });
    await run.run(plan);
    expect(most).toBe(2);
    const state = run.state.get();
    expect(state).toMatchObject({ ended: 5_000, failures: [] });
    expect(state?.figures).toHaveLength(5);
    if (state === null) throw new Error('no state');
    expect(loadFigures(state, now)).toMatchObject({
      together: 10,
      firstToken: { median: 0.2, slowest: 0.2 },
      whole: { median: 1, slowest: 1 },
      each: { median: 50, slowest: 50 },
    });
  });

  it('counts tokens of answers that still come', () => {
    const state = { plan, begun: 0, ended: null, figures: [figures], tokensNow: 5, failures: [] };
    expect(loadFigures(state, 3_000).together).toBe(5);
  });

  it('keeps the sentences of failures, and goes on', async () => {
    const run = new LoadRun({
      read: () => Promise.reject(new Error('It is full.')),
      nextFrame: (paint) => paint(),
      now: () => 0,
    });
    await run.run(plan);
    expect(run.state.get()?.failures).toEqual(Array.from({ length: 5 }, () => 'It is full.'));
  });

  it('that is stopped asks for no more, and counts no failure', async () => {
    let asked = 0;
    const run = new LoadRun({
      read: ({ signal }) => {
        asked += 1;
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      nextFrame: (paint) => paint(),
      now: () => 0,
    });
    const end = run.run(plan);
    run.stop();
    await end;
    expect(asked).toBe(2);
    expect(run.state.get()).toMatchObject({ ended: 0, failures: [], figures: [] });
  });
});
