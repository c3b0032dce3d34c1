import { describe, expect, it } from 'vitest';
import { instanceWords } from '../words/instance.ts';
import { type Trigger, triggerText } from './trigger-text.ts';

describe('triggerText', () => {
  it.each<[string | null, Trigger]>([
    ['by user:otto', { kind: 'command', caller: 'user:otto' }],
    ['by a command', { kind: 'command' }],
    ['for a request of key:ci', { kind: 'demand', caller: 'key:1 (ci)', request_id: 'r1' }],
    ['for new settings of user:eva', { kind: 'update', caller: 'user:eva' }],
    ['for qwen', { kind: 'eviction', needed_by: 'qwen' }],
    [null, { kind: 'eviction' }],
    [null, { kind: 'idle' }],
    ['by the restart policy', { kind: 'restart_policy' }],
  ])('says %s', (text, trigger) => {
    expect(triggerText(trigger, instanceWords.en.events.trigger)).toBe(text);
  });
});
