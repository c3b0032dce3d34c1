import { expect, it } from 'vitest';
import { acceptedDraft, isDirty, nextDraft, type Draft } from './draft.ts';

const DRAFT: Draft = { base: { name: 'chat' }, etag: '"1"', document: { name: 'chat' } };

it('a draft is dirty until its settings are those that are stored', () => {
  const changed = nextDraft(DRAFT, { kind: 'set', path: 'options.ctx_size', value: 512 });
  expect(changed.document).toEqual({ name: 'chat', options: { ctx_size: 512 } });
  expect(isDirty(changed)).toBe(true);
  expect(isDirty(nextDraft(changed, { kind: 'set', path: 'options.ctx_size', value: undefined }))).toBe(false);
});

it('several settings change in one step, and some of them go', () => {
  const draft: Draft = { ...DRAFT, document: { name: 'chat', model: 'qwen' } };
  const values = new Map([
    ['model_path', '/models/a.gguf'],
    ['model', undefined],
  ]);
  expect(nextDraft(draft, { kind: 'merge', values }).document).toEqual({ name: 'chat', model_path: '/models/a.gguf' });
});

it('a new version of the server replaces base, version and settings', () => {
  const draft: Draft = { base: { name: 'chat', pinned: true }, etag: '"2"', document: { name: 'chat' } };
  expect(nextDraft(DRAFT, { kind: 'rebase', draft })).toEqual(draft);
});

it('a kept draft is accepted only in its own form', () => {
  expect(acceptedDraft(JSON.parse(JSON.stringify(DRAFT)))).toEqual(DRAFT);
  expect(acceptedDraft({ ...DRAFT, etag: null })).toEqual({ ...DRAFT, etag: null });
  expect(acceptedDraft({ base: {}, document: [] })).toBeUndefined();
  expect(acceptedDraft('chat')).toBeUndefined();
});
