import type { EngineOption } from '@llamactl/client';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FakeEngineAdapter, FakeEngines } from '@llamactl/server/testing/fake-engines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;

function option(key: string, changes: Partial<EngineOption> = {}): EngineOption {
  return {
    key,
    flags: [`--${key.replaceAll('_', '-')}`],
    type: 'text',
    default: null,
    choices: null,
    group: 'common',
    description: 'about nothing',
    variables: [],
    guard: null,
    ...changes,
  };
}

const CONTEXT = option('ctx_size', {
  flags: ['--ctx-size', '-c'],
  type: 'number',
  default: '0',
  description: 'size of the prompt context',
  variables: ['LLAMA_ARG_CTX_SIZE'],
});

beforeAll(async () => {
  const adapter = new FakeEngineAdapter();
  adapter.optionList = [
    CONTEXT,
    option('cache_type_k', { type: 'choice', choices: ['f16', 'q8_0'], description: 'data type of the K cache' }),
    option('cache_type_v', { description: 'data type of the V cache' }),
    option('port', { guard: { kind: 'reserved', why: 'is set by llamactl' } }),
  ];
  server = await EventServer.open({ engines: new FakeEngines({ llama_cpp: adapter, other: new FakeEngineAdapter() }) });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterAll(async () => {
  await server.goAway();
  sandbox.dispose();
});

const run = (...words: string[]): ReturnType<CommandSandbox['run']> => sandbox.run(['options', ...words]);

describe('the options of an engine', () => {
  it('are a table without words', async () => {
    const { stdout } = await run();
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'OPTION        TYPE    DEFAULT  DESCRIPTION',
      'ctx_size      number  0        size of the prompt context',
    ]);
  });

  it.each([['ctx_size'], ['ctx-size'], ['--ctx-size'], ['-c'], ['context size'], ['LLAMA_ARG_CTX']])(
    'are explained for %j',
    async (words) => {
      expect((await run(...words.split(' '))).stdout).toBe(
        [
          'ctx_size',
          '  size of the prompt context',
          '  type      number; default 0',
          '  flags     --ctx-size, -c',
          '  variable  LLAMA_ARG_CTX_SIZE',
          '',
        ].join('\n'),
      );
    },
  );

  it('are all that have the words, with their choices and guards', async () => {
    const { stdout } = await run('cache', 'type');
    expect(stdout).toMatch(/^cache_type_k\n[^]*choice of f16, q8_0\n[^]*\n\ncache_type_v\n/);
    expect((await run('port')).stdout).toContain('reserved  it is set by llamactl\n');
    expect((await run('cache', '-o', 'name')).stdout).toBe('cache_type_k\ncache_type_v\n');
    expect(JSON.parse((await run('ctx_size', '--json')).stdout)).toEqual([CONTEXT]);
  });

  it('are unknown, with the most similar one', async () => {
    const { status, stderr } = await run('ctx_sze');
    expect([status, stderr]).toEqual([
      3,
      'llamactl: llama_cpp has no option with ctx_sze\n  Did you mean ctx_size?\n  llamactl options lists all options\n',
    ]);
  });

  it('are those of --engine', async () => {
    expect((await run('ctx_size', '--engine', 'other')).stderr).toContain('other has no option with ctx_size');
    const { status, stderr } = await run('--engine', 'vllm');
    expect([status, stderr]).toEqual([3, expect.stringContaining('There are: llama_cpp, other.')]);
  });
});
