import type { Client, Instance, UpdateInstance } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../testing/sample-instance.ts';
import { changeText, importedChange } from './imported-change.ts';

type Update = Client['updateInstance'];

const BEFORE = sampleInstance({ name: 'chat', model_path: '/a.gguf', options: { ctx_size: 4_096 }, aliases: ['gpt'] });

/** A server that finds these changes. Records the bodies of updates that are no dry run. */
function serverWith(
  changes: string[],
  after: Partial<Instance> = {},
  problems: { path: string; message: string }[] = [],
) {
  const [sent, made]: [UpdateInstance[], UpdateInstance[]] = [[], []];
  const instance = { ...BEFORE, ...after };
  const updateInstance: Update = (_name, body, call) => {
    (call?.dry_run === true ? sent : made).push(body);
    const restart_required = call?.dry_run !== true;
    const [effective_command, estimate] = [[], null];
    const preview = { problems, warnings: ['it is slow'], effective_command, changes, restart_required, estimate };
    return Promise.resolve({ message: '', instance, restart_required, ...(call?.dry_run === true && { preview }) });
  };
  const client = { getInstance: () => Promise.resolve(BEFORE), updateInstance };
  return { session: { client, signal: AbortSignal.any([]) }, sent, made };
}

describe('the change of an instance by an import', () => {
  it('names the settings that differ, and is made only on request', async () => {
    const { session, made } = serverWith(['options.ctx_size', 'options.threads', 'idle_timeout'], {
      options: { ctx_size: 1_024, threads: 2 },
      idle_timeout: 60,
    });
    const wanted = { options: { ctx_size: 1_024, threads: 2 }, idle_timeout: 60 };
    const differences = ['ctx_size 4096 → 1024', 'threads unset → 2', 'idle_timeout 0 → 60'];
    expect(await importedChange(session, 'chat', wanted, false)).toEqual({
      differences,
      kept: ['alias gpt'],
      problems: [],
      warnings: ['it is slow'],
      error: null,
      needsRestart: false,
    });
    expect(made).toEqual([]);
    expect(await importedChange(session, 'chat', wanted, true)).toMatchObject({ differences, needsRestart: true });
    expect(made).toEqual([wanted]);
  });

  it('names what the instance keeps although the other program lacks it', async () => {
    const { session } = serverWith([]);
    const before = sampleInstance({
      name: 'chat',
      options: { ctx_size: 4_096, cache_type_k: 'q8_0' },
      group: 'big',
      pinned: true,
      request_strip: ['top_k'],
      environment: { A: '1', B: '2' },
      concurrency: 2,
      aliases: ['gpt'],
    });
    session.client.getInstance = () => Promise.resolve(before);
    const wanted = { options: { ctx_size: 4_096 }, pinned: true, environment: { A: '1' } };
    expect((await importedChange(session, 'chat', wanted, false)).kept).toEqual([
      'cache_type_k',
      'group',
      'concurrency',
      'request_strip',
      'environment.B',
      'alias gpt',
    ]);
  });

  it('keeps aliases, and a model that has the same file', async () => {
    const { session, sent } = serverWith([]);
    const wanted = { model_path: '/a.gguf', aliases: ['chat', 'gpt', 'gpt-4o'] };
    expect(await importedChange(session, 'chat', wanted, true)).toMatchObject({ differences: [], needsRestart: false });
    expect(sent).toEqual([{ aliases: ['gpt', 'gpt-4o'] }]);
  });

  it('is not made if the server refuses a setting', async () => {
    const { session, made } = serverWith(['command'], {}, [{ path: 'command', message: 'is privileged' }]);
    expect(await importedChange(session, 'chat', { command: ['/x'] }, true)).toMatchObject({
      problems: [{ path: 'command', message: 'is privileged' }],
      error: 'command is privileged',
    });
    expect(made).toEqual([]);
  });

  it('shows no values of variables, no long values, and no explicit defaults', async () => {
    const { session } = serverWith(['environment.TOKEN', 'extra_args', 'options.api_key', 'options.note', 'pinned'], {
      environment: { TOKEN: 's' },
      options: { api_key: '***', note: 'x'.repeat(81) },
    });
    expect((await importedChange(session, 'chat', {}, false)).differences).toEqual([
      'environment.TOKEN',
      'extra_args',
      'api_key',
      'note',
    ]);
  });

  it('reads as the end of a line', () => {
    const change = { differences: ['a 1 → 2', 'b'], kept: [] };
    expect(changeText({ differences: [], kept: [] }, true, false)).toBe('exists already');
    expect(changeText(change, false, false)).toBe('exists; differs: a 1 → 2, b');
    expect(changeText(change, true, true)).toBe('would be updated: a 1 → 2, b');
    expect(changeText({ ...change, kept: ['c'] }, true, false)).toBe('updated: a 1 → 2, b; stays, and is not there: c');
  });
});
