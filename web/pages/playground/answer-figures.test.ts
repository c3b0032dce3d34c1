import type { ChatChunk } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { AnswerMeter } from './answer-figures.ts';

const text = (content: string): ChatChunk => ({ choices: [{ index: 0, delta: { content } }] });

describe('the figures of an answer', () => {
  it('split the time to the first token into queue and prompt by the measurements of the engine', () => {
    const meter = new AnswerMeter(1_000);
    meter.add({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }, 1_100);
    meter.add(text('a'), 1_500);
    meter.add(text('b'), 1_600);
    meter.add({ choices: [], timings: { prompt_ms: 300, predicted_n: 2, predicted_per_second: 61.2 } }, 1_700);
    meter.add({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } }, 1_700);
    const figures = meter.figures(2_000);
    expect(figures).toMatchObject({ firstToken: 0.5, prompt: 0.3, tokens: 2, promptTokens: 9, tokensPerSecond: 61.2 });
    expect(figures.queue).toBeCloseTo(0.2);
    expect(figures.seconds).toBe(1);
  });

  it('have start and queue apart if llamactl says how long the request waited', () => {
    const meter = new AnswerMeter(0);
    meter.add(text('a'), 7_000);
    meter.add({ choices: [], timings: { prompt_ms: 300 } }, 7_100);
    expect(meter.figures(7_100)).toMatchObject({ queue: 6.7 });
    meter.waited(null);
    expect(meter.figures(7_100).start).toBeUndefined();
    meter.waited({ starting: 6.4, queued: 0.1 });
    expect(meter.figures(7_100)).toMatchObject({ firstToken: 7, start: 6.4, queue: 0.1, prompt: 0.3 });
  });

  it('count pieces of an engine that measures nothing', () => {
    const meter = new AnswerMeter(0);
    for (const at of [100, 200, 300]) meter.add(text('x'), at);
    expect(meter.figures(300)).toMatchObject({ tokens: 3, tokensPerSecond: 10, queue: null, prompt: null });
  });

  it('begin with the first thought', () => {
    const meter = new AnswerMeter(0);
    meter.add({ choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] }, 50);
    expect(meter.figures(60).firstToken).toBe(0.05);
  });

  it('of an answer that has not begun are unknown', () => {
    expect(new AnswerMeter(0).figures(10)).toMatchObject({ firstToken: null, tokensPerSecond: null, tokens: 0 });
  });
});
