import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigSchema } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { engineRecord, enginesContract } from '../testing/contracts/engine.contract.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { Engines } from '../instances/ports/engine-adapter.ts';
import { createEngines } from './engines.ts';
import { HELP } from './fixtures/help.ts';

function enginesOf(engines: unknown = {}): Engines {
  return createEngines({
    config: ConfigSchema.parse({ engines }).engines,
    allowPrivileged: false,
    searchPath: '/usr/bin',
    contextFolder: null,
    findProgram: () => Promise.resolve(process.execPath),
    runTool: (_command, args) =>
      Promise.resolve({ code: 0, stdout: args.includes('--help') ? HELP : 'version: 1', stderr: '' }),
    clock: new FakeClock(),
  });
}

const WHISPER = { kind: 'custom', command: '/opt/whisper', args: ['--port', '${PORT}'] };

enginesContract('the engines of an empty configuration', () => enginesOf(), ['llama_cpp', 'custom']);
enginesContract('the engines of a configuration', () => enginesOf({ whisper: WHISPER }), [
  'llama_cpp',
  'custom',
  'whisper',
]);

describe('the crossings of callers', () => {
  it('are listed in the documentation of the gateway', async () => {
    const page = await readFile(path.join(import.meta.dirname, '../../docs/gateway.md'), 'utf8');
    const engines = enginesOf();
    for (const name of engines.names()) {
      const { headers = [], paths = [] } = engines.find(name)?.crossing ?? {};
      for (const header of headers) expect(page.toLowerCase()).toContain(`\`${header}\``);
      for (const each of paths) expect(page).toContain(`\`${each.replace('/*', '')}\``);
    }
  });
});

describe('createEngines', () => {
  it('uses the names of the configuration', () => {
    const engines = enginesOf({ llama_cpp: { command: '/opt/llama-server', args: ['--offline'] }, whisper: WHISPER });
    const plan = engines.find('llama_cpp')?.plan(engineRecord());
    expect([plan?.command, plan?.argv[0]]).toEqual(['/opt/llama-server', '--offline']);
    expect(engines.find('whisper')?.plan(engineRecord())).toMatchObject({
      command: '/opt/whisper',
      argv: ['--port', '8123'],
    });
  });

  it('has engines with and without a model', () => {
    const engines = enginesOf({ whisper: WHISPER });
    expect(['llama_cpp', 'custom', 'whisper'].map((name) => engines.find(name)?.needsModel)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('lets the configuration replace `custom` by an engine with a command', async () => {
    const { problems } = (await enginesOf({ custom: WHISPER }).find('custom')?.check(engineRecord().settings)) ?? {};
    expect(problems).toEqual([]);
  });

  it('knows the flags of llama-server after learning them', async () => {
    const engines = enginesOf();
    const plan = () =>
      engines
        .find('llama_cpp')
        ?.plan(engineRecord({ options: { flash_attn: true } }))
        .argv.slice(-2);
    expect(plan()).toEqual(['4', '--flash-attn']);
    await engines.find('llama_cpp')?.learn(engineRecord().settings);
    expect(plan()).toEqual(['--flash-attn', 'on']);
  });
});
