import type { Client, CreateInstance, Instance, UpdateInstance } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../testing/sample-instance.ts';
import { changeText, importedChange } from './imported-change.ts';

type Update = Client['updateInstance'];

const BEFORE = sampleInstance({ name: 'chat', model_path: '/a.gguf', options: { ctx_size: 4_096 }, aliases: ['gpt'] });

const NO_PARSE: Client['parseEngineCommand'] = () => Promise.reject(new Error('nothing to read'));

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
  const client = { getInstance: () => Promise.resolve(BEFORE), updateInstance, parseEngineCommand: NO_PARSE };
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
    expect(await importedChange(session, 'chat', wanted, { isMade: false })).toEqual({
      differences,
      kept: ['alias gpt'],
      removal: 'llamactl update chat --unset aliases',
      problems: [],
      warnings: ['it is slow'],
      error: null,
      needsRestart: false,
    });
    expect(made).toEqual([]);
    expect(await importedChange(session, 'chat', wanted, { isMade: true })).toMatchObject({
      differences,
      needsRestart: true,
    });
    expect(made).toEqual([wanted]);
  });

  it('names what the instance keeps although the other program lacks it, or removes it', async () => {
    const { session, sent } = serverWith([]);
    const before = sampleInstance({
      name: 'chat',
      options: { ctx_size: 4_096, cache_type_k: 'q8_0' },
      group: 'big',
      pinned: true,
      request_strip: ['top_k'],
      request_defaults: { seed: 1 },
      environment: { A: '1', B: '2' },
      concurrency: 2,
      aliases: ['gpt'],
    });
    session.client.getInstance = () => Promise.resolve(before);
    const wanted = { options: { ctx_size: 4_096 }, pinned: true, environment: { A: '1' } };
    const exact = await importedChange(session, 'chat', wanted, { isMade: false, isExact: true });
    expect([exact.kept, exact.removal]).toEqual([[], null]);
    expect(sent).toEqual([
      {
        options: { ctx_size: 4_096, cache_type_k: null },
        pinned: true,
        environment: { A: '1', B: null },
        group: null,
        concurrency: null,
        request_strip: null,
        request_defaults: { seed: null },
        aliases: [],
      },
    ]);
    const { kept, removal } = await importedChange(session, 'chat', wanted, { isMade: false });
    expect(kept).toEqual([
      'cache_type_k',
      'group',
      'concurrency',
      'request_strip',
      'request_defaults.seed',
      'environment.B',
      'alias gpt',
    ]);
    expect(removal).toBe(
      'llamactl update chat --unset options.cache_type_k --unset group --unset concurrency --unset request_strip ' +
        '--unset request_defaults.seed --unset environment.B --unset aliases',
    );
  });

  it('moves it to another group', async () => {
    const { session, made } = serverWith(['group'], { group: 'small' });
    session.client.getInstance = () => Promise.resolve(sampleInstance({ name: 'chat', group: 'big' }));
    const change = await importedChange(session, 'chat', { group: 'small' }, { isMade: true });
    expect(change).toMatchObject({ differences: ['group big → small'], kept: [] });
    expect(made).toEqual([{ group: 'small' }]);
  });

  it('takes it out of a group of the other program, which no longer has it there', async () => {
    const { session, made } = serverWith(['group'], {});
    session.client.getInstance = () => Promise.resolve(sampleInstance({ name: 'chat', group: 'big' }));
    const groups = new Set(['big']);
    const change = await importedChange(session, 'chat', {}, { isMade: true, groups });
    expect(change).toMatchObject({ differences: ['group big → unset'], kept: [], removal: null });
    expect(made).toEqual([{ group: null }]);
    expect(await importedChange(session, 'chat', {}, { isMade: false })).toMatchObject({ kept: ['group'] });
  });

  it('keeps aliases, and a model that has the same file', async () => {
    const { session, sent } = serverWith([]);
    const wanted = { model_path: '/a.gguf', aliases: ['chat', 'gpt', 'gpt-4o'] };
    expect(await importedChange(session, 'chat', wanted, { isMade: true })).toMatchObject({
      differences: [],
      needsRestart: false,
    });
    expect(sent).toEqual([{ aliases: ['gpt', 'gpt-4o'] }]);
  });

  it('removes an alias by naming those that remain', async () => {
    const { session } = serverWith([]);
    session.client.getInstance = () => Promise.resolve(sampleInstance({ name: 'chat', aliases: ['a', 'b'] }));
    const removalOf = async (aliases: string[], isMade: boolean): Promise<string | null> =>
      (await importedChange(session, 'chat', { aliases }, { isMade })).removal;
    expect(await removalOf(['chat', 'b', 'c'], false)).toBe('llamactl update chat --alias b');
    expect(await removalOf(['chat', 'b', 'c'], true)).toBe('llamactl update chat --alias b --alias c');
  });

  describe('of a program that sets fields of requests', () => {
    const forced = sampleInstance({
      name: 'chat',
      request_strip: ['temperature', 'top_k', 'n'],
      request_defaults: { temperature: 0, n: 1, seed: 2 },
    });
    const changeTo = async (wanted: Omit<CreateInstance, 'name'>, forcesFields = true) => {
      const { session, sent } = serverWith(['request_defaults'], { ...forced, request_defaults: { n: 1, seed: 2 } });
      session.client.getInstance = () => Promise.resolve(forced);
      const change = await importedChange(session, 'chat', wanted, { isMade: false, forcesFields });
      return { ...change, sent };
    };

    it('removes those that it no longer sets, from both settings', async () => {
      const some = await changeTo({ request_strip: ['n'], request_defaults: { n: 1 } });
      expect(some.sent).toEqual([{ request_strip: ['n'], request_defaults: { temperature: null, n: 1 } }]);
      expect(some.differences).toEqual(['request_defaults.temperature 0 → unset']);
      expect(some.kept).toEqual(['request_defaults.seed']);
      const none = await changeTo({});
      expect(none.sent).toEqual([{ request_strip: ['top_k'], request_defaults: { temperature: null, n: null } }]);
      expect(none.kept).toEqual(['request_strip', 'request_defaults.seed']);
    });

    it('keeps them if the program sets none', async () => {
      expect((await changeTo({}, false)).sent).toEqual([{}]);
    });
  });

  it('replaces arguments by the options that the program has for them, and keeps the others', async () => {
    const words = ['-c', '4096', '--jinja', '-c', '2048', '--lone', 'x'];
    const before = sampleInstance({ name: 'chat', engine: 'llama_cpp', extra_args: words });
    const { session, sent } = serverWith(['options.ctx_size', 'extra_args'], { options: { ctx_size: 1_024 } });
    session.client.getInstance = () => Promise.resolve(before);
    const understood = [
      { text: '--jinja', path: 'options.jinja' },
      { text: '-c 2048', path: 'options.ctx_size' },
    ];
    const dropped = [{ text: '-c 4096', why: 'is given again later, and the last one counts' }];
    session.client.parseEngineCommand = ({ text }) => {
      expect(text).toMatch(/^llama-server -c 4096 --jinja -c 2048/);
      return Promise.resolve({ format: 'command', instances: [{ settings: {}, understood, dropped }] });
    };
    const some = await importedChange(session, 'chat', { options: { ctx_size: 1_024 } }, { isMade: false });
    expect(some).toMatchObject({
      differences: ['ctx_size unset → 1024', 'extra_args → options'],
      kept: ['extra_args'],
    });
    await importedChange(session, 'chat', { options: { ctx_size: 1_024 }, extra_args: ['-x'] }, { isMade: false });
    before.extra_args = words.slice(0, 5);
    const all = await importedChange(session, 'chat', { options: { ctx_size: 1, jinja: true } }, { isMade: false });
    expect(all.kept).toEqual([]);
    before.extra_args = ['--lone', 'x'];
    const bare = await importedChange(session, 'chat', {}, { isMade: false, unknown: ['--lone x'] });
    expect(bare.kept).toEqual([]);
    expect(sent.map(({ extra_args }) => extra_args)).toEqual([['--jinja', '--lone', 'x'], ['-x'], null, null]);
  });

  it('is not made if the server refuses a setting', async () => {
    const { session, made } = serverWith(['command'], {}, [{ path: 'command', message: 'is privileged' }]);
    expect(await importedChange(session, 'chat', { command: ['/x'] }, { isMade: true })).toMatchObject({
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
    expect((await importedChange(session, 'chat', {}, { isMade: false })).differences).toEqual([
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
    expect(changeText({ ...change, kept: ['c'] }, true, false)).toBe(
      'updated: a 1 → 2, b; stays, although the file no longer has it: c',
    );
  });
});
