import { describe, expect, it } from 'vitest';
import type { Edit, Settings } from '../ports/instance-record.ts';
import { changedValues } from './changed-values.ts';
import { recordChanges } from './setting-changes.ts';
import { newSettings } from './settings.ts';

const SECRET = 'S3CR3T';

const editOf = (settings: Partial<Settings>, port = 8_100): Edit => ({
  port,
  portAssigned: true,
  settings: { ...newSettings({}), ...settings },
});

const valuesOf = (before: Edit, after: Edit) => changedValues(before, after, recordChanges(before, after));

describe('changedValues', () => {
  it('has both values of numbers, switches and short texts, with null for a setting that is not set', () => {
    const before = editOf({ options: { ctx_size: 4_096, mmap: true, seed: 1 }, group: 'code', pinned: true });
    const after = editOf({ options: { ctx_size: 8_192, mmap: false, split_mode: 'row' }, preset: '' }, 9_000);
    expect(valuesOf(before, after)).toEqual([
      { setting: 'port', from: 8_100, to: 9_000 },
      { setting: 'options.ctx_size', from: 4_096, to: 8_192 },
      { setting: 'options.mmap', from: true, to: false },
      { setting: 'options.seed', from: 1, to: null },
      { setting: 'options.split_mode', from: null, to: 'row' },
      { setting: 'group', from: 'code', to: null },
      { setting: 'pinned', from: true, to: null },
      { setting: 'preset', from: null, to: '' },
    ]);
  });

  it.each<[string, Partial<Settings>]>([
    ['a variable', { environment: { MODE: SECRET } }],
    ['more arguments', { extra_args: ['--x', SECRET] }],
    ['a command', { command: [SECRET] }],
    ['a system prompt', { system_prompt: SECRET }],
    ['defaults of requests', { request_defaults: { temperature: 1, user: SECRET } }],
    ['fields that are removed from requests', { request_strip: [SECRET] }],
    ['an option with the name of a secret', { options: { api_key: SECRET } }],
    ['a number as a secret', { options: { hf_token: 1 } }],
    ['the log-in of a URL', { options: { model_url: `https://me:${SECRET}@host/m.gguf` } }],
    ['the log-in of a URL as a file', { model_path: `https://me:${SECRET}@host/m.gguf` }],
    ['a variable in an option', { options: { env: `HF_TOKEN=${SECRET}` } }],
    ['a flag in an option', { options: { args: `--api-key ${SECRET}` } }],
    ['a prompt as an option', { options: { system_prompt: SECRET } }],
    ['a list', { options: { lora: [SECRET] } }],
    ['a long text', { options: { note: SECRET.padEnd(81, '.') } }],
  ])('never has %s, neither as the new nor as the old value', (_what, secret) => {
    const [without, having] = [editOf({ options: { seed: 1 } }), editOf({ options: { seed: 1 }, ...secret })];
    expect(recordChanges(without, having)).not.toEqual([]);
    for (const values of [valuesOf(without, having), valuesOf(having, without)]) {
      expect(values.filter(({ setting }) => setting !== 'options.seed')).toEqual([]);
    }
  });

  it('has a text of 80 characters', () => {
    const text = 'x'.repeat(80);
    expect(valuesOf(editOf({}), editOf({ model: text }))).toEqual([{ setting: 'model', from: null, to: text }]);
  });

  it('leaves out a change without two different values', () => {
    const before = editOf({ options: { a: 1, b: 2 }, model_path: '/m.gguf' });
    const fixed = { ...editOf({ options: { b: 2, a: 1 }, model_path: '/m.gguf' }), portAssigned: false };
    fixed.settings.companions = { projector: '/p.gguf' };
    expect(recordChanges(before, fixed)).toEqual(['port', 'options', 'model_path']);
    expect(valuesOf(before, fixed)).toEqual([]);
  });
});
