import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeChannels } from '../../testing/fake-channels.ts';
import { AGAIN_MS, AnswerWriters, SILENCE_MS } from './answer-writers.ts';

/** Two tabs: one that gets answers, and one that watches the turn `t1`. */
function twoTabs() {
  const own = new Set(['t1']);
  const writer = new AnswerWriters('chats', () => own);
  const reader = new AnswerWriters('chats', () => new Set());
  const onGone = vi.fn<() => void>();
  return { own, writer, onGone, end: reader.watch('t1', onGone) };
}

describe('an answer that comes to another tab', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('BroadcastChannel', fakeChannels());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is believed while that tab says so', () => {
    const { onGone } = twoTabs();
    vi.advanceTimersByTime(10 * (SILENCE_MS + AGAIN_MS));
    expect(onGone).not.toHaveBeenCalled();
  });

  it('is gone a few seconds after that tab fell silent, and this is said once', () => {
    const { own, onGone } = twoTabs();
    own.clear();
    vi.advanceTimersByTime(AGAIN_MS + SILENCE_MS);
    expect(onGone).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10 * (SILENCE_MS + AGAIN_MS));
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('is gone at once when that tab says that it closes', () => {
    const { writer, onGone } = twoTabs();
    writer.leave();
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('is gone if no tab has ever said that it gets it', () => {
    const onGone = vi.fn<() => void>();
    new AnswerWriters('chats', () => new Set()).watch('t1', onGone);
    vi.advanceTimersByTime(SILENCE_MS);
    expect(onGone).toHaveBeenCalledOnce();
  });

  it('is not watched any more after the end of the watch', () => {
    const { writer, onGone, end } = twoTabs();
    end();
    writer.leave();
    vi.advanceTimersByTime(10 * (SILENCE_MS + AGAIN_MS));
    expect(onGone).not.toHaveBeenCalled();
  });
});
