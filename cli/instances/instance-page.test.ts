import { execFileSync } from 'node:child_process';
import type { Instance } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { pageLines } from './instance-page.ts';
import { Style } from '../screen/style.ts';
import { sampleInstance } from '../testing/sample-instance.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const WIDE = { columns: Infinity, style: new Style(false) };
const STOPPED = sampleInstance({
  name: 'llama',
  model_path: '/models/llama.gguf',
  created_at: '2026-02-28T12:00:00Z',
  updated_at: '2026-02-28T12:00:00Z',
  effective_command: ['llama-server', '--model', '/models/llama.gguf', '--port', '8100'],
});
const page = (changes: Partial<Instance>, paper = WIDE): string[] => pageLines({ ...STOPPED, ...changes }, paper, NOW);

describe('the page of an instance', () => {
  it('leaves out unset settings', () => {
    expect(page({})).toEqual([
      'llama  stopped  port 8100',
      'engine       llama_cpp',
      'model        /models/llama.gguf',
      'policy       restarts when it dies, at most 5 times in a row; starts again after a reboot',
      'requests     the first one starts the engine',
      'created      1d 0h ago',
      '',
      'command of the next run',
      'llama-server --model /models/llama.gguf --port 8100',
    ]);
  });

  it('says that it failed for lack of a file that it no longer has', () => {
    const failed = { status: 'failed' as const, reason: 'the model file /models/old.gguf does not exist' };
    expect(page(failed)).toContain(
      'reason       the model file /models/old.gguf does not exist; it has another file now',
    );
    expect(page({ ...failed, model_path: '/models/old.gguf' })).toContain(`reason       ${failed.reason}`);
  });

  it('says that the library has a newer version of its model', () => {
    const newer = { model: 'a/smol:Q4_0', newer_model_path: '/hub/new.gguf' };
    expect(page(newer)).toContain(
      'attention    the library has a newer version of a/smol:Q4_0; to use it: llamactl update llama --model a/smol:Q4_0',
    );
    expect(page({ newer_model_path: '/hub/new.gguf' }).join()).not.toContain('attention');
  });

  it('shows what its run holds and uses on each device, and what a start waits for', () => {
    const memory = [
      { device: 'ram', need: 3e9, source: 'estimated' as const },
      { device: 'nvidia:0', need: 5e9, source: 'measured' as const },
    ];
    const stats = { memory_usage: 2e9, gpu_memory_usage: 4.5e9 } as Instance['stats'];
    const shown = (changes: Partial<Instance>): string[] =>
      page(changes).filter((line) => /memory|nvidia|waits/.test(line));
    expect(shown({ memory, stats })).toEqual([
      'memory       ram  holds 2.8 GiB (estimated), uses 1.9 GiB',
      '             nvidia:0  holds 4.7 GiB (measured), uses 4.2 GiB',
    ]);
    const third = { device: 'nvidia:1', need: 1e9, source: 'measured' as const };
    expect(shown({ memory: [...memory, third], stats })[1]).toBe('             nvidia:0  holds 4.7 GiB (measured)');
    expect(shown({ status: 'starting', waits_for: ['chat'] })).toEqual(['waits for    chat']);
  });

  it('shows the last refused start, with its reason unless that is the obstacle of the next one', () => {
    const message = 'llama cannot start: it needs 5.00 GiB of ram.';
    const refused = { at: '2026-03-01T11:55:00Z', code: 'DOES_NOT_FIT' as const, message };
    const shown = (changes: Partial<Instance>, obstacle: string | null): string[] =>
      pageLines({ ...STOPPED, refused, ...changes }, WIDE, NOW, { obstacle, isGroupPinned: false }).filter((line) =>
        line.startsWith('refused'),
      );
    expect(shown({}, null)).toEqual(['refused      the last start, 5m 0s ago: it needs 5.00 GiB of ram']);
    expect(shown({}, 'it needs 5.00 GiB of ram')).toEqual(['refused      the last start, 5m 0s ago']);
    expect(shown({ status: 'running' }, null)).toEqual([]);
  });

  it('shows what is kept over a stop', () => {
    const context = { tokens: 4_014, bytes: 92.5e6, saved_at: '2026-03-01T11:55:00Z', reuse: null };
    const reuse = { at: '2026-03-01T11:58:00Z', restored: 4_014, reused: 4_000 };
    const shown = (changes: Partial<Instance>): string[] => page(changes).slice(5, -4);
    expect(shown({ keep_context: 'auto' })).toEqual(['context      kept over a stop; nothing is saved yet']);
    expect(shown({ keep_context: 'auto', context: { ...context, reuse } })).toEqual([
      'context      4014 tokens saved 5m 0s ago, 93 MB',
      '             last restored 2m 0s ago: 4000 of 4014 tokens reused',
    ]);
  });

  it('has all set settings', () => {
    const lines = page({
      status: 'running',
      started_at: '2026-03-01T11:00:00Z',
      updated_at: '2026-03-01T11:59:00Z',
      pid: 4711,
      stats: { memory_usage: 27e6 } as Instance['stats'],
      options: { ctx_size: 4096, lora: ['a', 2], chat_template: '', mmap: false },
      extra_args: ['--pooling', "it's mean"],
      command: ['python3', 'my server.py'],
      health_path: '/ready',
      environment: { A: 'b', HOME: '/x y' },
      aliases: ['gpt-4o', 'qwen/qwen3'],
      unlisted: true,
      auto_restart: false,
      auto_start: false,
      on_demand: false,
      idle_timeout: 300,
      group: 'big',
      concurrency: 2,
      upstream_model: 'base',
      preset: 'coding',
      system_prompt: 'Be brief.\nAlways.',
      request_defaults: { temperature: 0.2, stop: ['a'] },
      request_strip: ['top_k'],
      restart_required: true,
    });
    expect(lines.slice(0, -3)).toEqual([
      'llama  running  up 1h 0m, port 8100, process 4711, 26 MiB',
      'attention    it runs with older settings; to apply the new ones: llamactl restart llama',
      'engine       llama_cpp',
      'model        /models/llama.gguf',
      'options      ctx_size       4096',
      '             lora           a',
      '             lora           2',
      "             chat_template  ''",
      '             mmap           false',
      "arguments    --pooling 'it'\\''s mean'",
      "own command  python3 'my server.py'",
      'health path  /ready',
      'environment  A=b',
      '             HOME=/x y',
      'preset       coding',
      'prompt       Be brief. Always.',
      'defaults     temperature  0.2',
      '             stop         ["a"]',
      'stripped     top_k',
      'aliases      gpt-4o',
      '             qwen/qwen3',
      'listed       no, but it can be used',
      'policy       is not restarted when it dies; stays stopped after a reboot',
      'requests     never start the engine; stopped after 5m 0s without one; in the group big; 2 at once; upstream model base',
      'created      1d 0h ago, changed 1m 0s ago',
    ]);
    expect(lines.at(-2)).toBe('command');
  });

  it('says that its group pins it', () => {
    const lines = pageLines({ ...STOPPED, group: 'always', idle_timeout: 300 }, WIDE, NOW, {
      obstacle: null,
      isGroupPinned: true,
    });
    expect(lines.join('\n')).toContain('pinned by its group, so idle_timeout 5m 0s has no effect; in');
  });

  it('says that the idle time of a pinned instance has no effect', () => {
    expect(page({ pinned: true, idle_timeout: 60 }).join('\n')).toContain(
      'pinned, so idle_timeout 1m 0s has no effect',
    );
  });

  it('cuts a long system prompt, and marks an empty one', () => {
    const long = page({ system_prompt: 'é'.repeat(1_000) }).join('');
    expect(long.match(/[é…]/g)).toHaveLength(400);
    expect(page({ system_prompt: '' })).toContain("prompt       '' (none, not even of its preset)");
  });

  it('explains a failure with its reason and the last output', () => {
    const lines = page({
      status: 'failed',
      reason: 'no such file',
      last_exit: {
        code: 1,
        signal: null,
        at: '2026-03-01T11:59:00Z',
        reason: 'no such file',
        cause: 'model_missing',
        lines: ['I loading', 'E \u{1B}[2Jno such file'],
      },
    });
    expect(lines).toContain('reason       no such file');
    const at = lines.indexOf('last exit    1m 0s ago, status 1: no such file');
    expect(lines.slice(at + 1, at + 3)).toEqual(['             I loading', '             E no such file']);
  });

  it('leaves out the output before an orderly end', () => {
    const exit = {
      code: 0,
      signal: null,
      at: '2026-03-01T11:59:00Z',
      reason: 'stopped',
      cause: null,
      lines: ['cleaning up'],
    };
    expect(page({ last_exit: exit }).join('\n')).not.toContain('cleaning up');
    expect(page({ last_exit: { ...exit, code: 137, signal: 'SIGKILL' } })).toContain(
      'last exit    1m 0s ago, SIGKILL: stopped',
    );
    expect(page({ last_exit: { ...exit, code: null } })).toContain('last exit    1m 0s ago, status unknown: stopped');
  });

  it('shows the number of restarts', () => {
    expect(page({ restart_count: 2, max_restarts: -1 }).join('\n')).toContain(
      'restarts when it dies, without limit, 2 so far; starts again',
    );
  });

  it('shows the port of the running engine, and the next one', () => {
    const [head] = page({
      status: 'running',
      pid: 4711,
      port: 8101,
      running_port: 8100,
    });
    expect(head).toBe('llama  running  port 8100, 8101 from the next start, process 4711');
  });

  it('leaves out the output before an end long past', () => {
    const at = '2026-03-01T11:00:00Z';
    const exit = { code: null, signal: 'SIGKILL', at, reason: 'killed', cause: null, lines: ['I slots are idle'] };
    expect(page({ status: 'restarting', last_exit: exit }).join('\n')).toContain('I slots are idle');
    expect(page({ status: 'running', last_exit: exit }).join('\n')).not.toContain('I slots are idle');
  });

  it('fits a narrow terminal, with a command that can be pasted', () => {
    const words = [
      'printf',
      '%s\\0',
      '--model',
      '/srv/my models/llama.gguf',
      '--port',
      '8100',
      '--alias',
      "a'b",
      '--x',
    ];
    const lines = page(
      { effective_command: words, reason: 'a long reason '.repeat(10).trim() },
      { ...WIDE, columns: 40 },
    );
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
    const command = lines.slice(lines.indexOf('command of the next run') + 1);
    expect(command.length).toBeGreaterThan(1);
    const said = execFileSync('sh', ['-c', command.join('\n')], { encoding: 'utf8' });
    expect(said.split('\0').slice(0, -1)).toEqual(words.slice(2));
  });
});
