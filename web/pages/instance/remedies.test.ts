import { describe, expect, it } from 'vitest';
import { serverWords } from '../../words/de/server.ts';
import { fieldOf, followUpOf, isLocked, labelOf, placeOf, roleFor, shortMemory, stepsOf } from './remedies.ts';

const change = { label: 'Use a context of 4096 tokens', operation: 'updateInstance' } as const;

describe('a remedy', () => {
  it.each([
    ['failed', 'start'],
    ['stopped', 'start'],
    ['running', 'restart'],
    ['starting', null],
  ] as const)('that changes settings of a %s instance is followed by %s', (status, next) => {
    expect(followUpOf(change, status)).toBe(next);
  });

  it('that stops others starts the instance, but does not restart it', () => {
    const stop = { label: 'Stop vision', operation: 'stopAllInstances' } as const;
    expect([followUpOf(stop, 'failed'), followUpOf(stop, 'running')]).toEqual(['start', null]);
  });

  it('that starts or restarts by itself needs nothing more', () => {
    expect(followUpOf({ label: 'Start it', operation: 'startInstance' }, 'failed')).toBeNull();
  });

  it.each([
    ['log', 'log'],
    ['settings/options.ctx_size', 'edit'],
    ['configuration/instances.max_running', '/settings'],
    ['system', '/system'],
    ['somewhere', null],
  ] as const)('with the link %s opens %s', (link, place) => {
    expect(placeOf({ label: 'x', link })).toBe(place);
  });

  it.each([
    ['settings/options.ctx_size', 'options.ctx_size'],
    ['configuration/engines.llama_cpp.command', 'engines.llama_cpp.command'],
    ['settings', undefined],
    ['log', undefined],
  ])('with the link %s leads to the field %s', (link, field) => {
    expect(fieldOf({ label: 'x', link })).toBe(field);
  });

  it('is a step if a button can do or open it, and it was not tried yet', () => {
    const tried = { ...change, label: 'Use a context of 8192 tokens', tried: true };
    const opened = { label: 'Show the log', link: 'log' };
    const byHand = { label: 'Free some memory', command: 'free -h' };
    expect(stepsOf([tried, change, byHand, opened, { label: 'x', link: 'somewhere' }])).toEqual([change, opened]);
  });

  it('of a key that requests may not change is a command to copy, not a step', () => {
    const command = 'llamactl config set engines.vllm.command=PROGRAM';
    const locked = { label: 'Correct it', link: 'configuration/engines.vllm.command', command };
    expect(isLocked(locked)).toBe(true);
    expect(stepsOf([locked])).toEqual([]);
    expect(isLocked({ label: 'See the reasons', link: 'models', command: 'llamactl models' })).toBe(false);
  });

  it('has a label in German, if the server sends its data', () => {
    const remedy = { ...change, phrase: { kind: 'context', data: { tokens: 512 } } } as const;
    expect(labelOf(remedy, serverWords)).toBe('Einen Kontext von 512 Tokens nehmen');
    expect(labelOf(remedy, null)).toBe(change.label);
    expect(labelOf(change, serverWords)).toBe(change.label);
  });

  it('against a lack of memory shows the memory of the device that is short', () => {
    const needs = (device: string) => ({ kind: 'does_not_fit', data: { device } }) as const;
    const short = {
      what: 'memory',
      text: 'x',
      phrase: { kind: 'device_short', data: { device: 'nvidia:0' } },
    } as const;
    expect(shortMemory({ cause: 'does_not_fit', phrases: [needs('ram')], evidence: [] })).toBe('memory');
    expect(shortMemory({ cause: 'does_not_fit', phrases: [needs('nvidia:0')], evidence: [] })).toBe('gpu');
    expect(shortMemory({ cause: 'memory', phrases: [], evidence: [short] })).toBe('gpu');
    expect(shortMemory({ cause: 'memory', evidence: [] })).toBe('memory');
    expect(shortMemory({ cause: 'gpu_memory', evidence: [] })).toBe('gpu');
  });

  it('is a button only for those who may press it', () => {
    expect(roleFor(change)).toBe('admin');
    expect(roleFor({ label: 'x', operation: 'startInstance' })).toBe('operator');
    expect(roleFor({ label: 'x', link: 'log' })).toBe('viewer');
    expect(roleFor({ label: 'x', link: 'settings/port' })).toBe('admin');
  });
});
