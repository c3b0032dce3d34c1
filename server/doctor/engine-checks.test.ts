import { ConfigSchema } from '@llamactl/contract/config';
import type { Gpu } from '@llamactl/contract/system';
import type { Inspection } from '../inspection.ts';
import { describe, expect, it } from 'vitest';
import { checkCustomEngines, checkLlamaServer, checkPath, serviceSearcher } from './engine-checks.ts';

const FILE = '/opt/llama/llama-server';
const SETTINGS = { command: 'llama-server', args: [], environment: {} };
const HELP = '--model FNAME --host HOST --port PORT --alias STRING --log-verbosity N';
const GPU: Gpu = {
  index: 0,
  vendor: 'nvidia',
  name: 'NVIDIA RTX',
  memory_total: null,
  memory_usage: null,
  utilization: null,
  temperature: null,
  power: null,
};

/** A machine with one llama-server and these outputs. */
function machine(answers: Record<string, string | { code: number; stderr: string }>): Inspection {
  return {
    searchPath: '/opt/llama',
    installFolders: ['/data/engines/llama_cpp'],
    findProgram: async (command, path = '/opt/llama') => {
      if (command === 'llama-server' && path.split(':').includes('/opt/llama')) return FILE;
      throw new Error(`${command} was not found on the PATH (${path})`);
    },
    runTool: async (_file, argv) => {
      const answer = answers[argv.at(-1) ?? ''] ?? '';
      return typeof answer === 'string' ? { code: 0, stdout: answer, stderr: '' } : { stdout: '', ...answer };
    },
    portHolder: async () => null,
    listeningPorts: () => new Set(),
    enginePorts: async () => new Set(),
    gpus: async () => [],
    disk: async () => ({ available: 1, level: null }),
    models: async () => [],
    downloadFolder: () => '/',
    modelProblem: async () => null,
    database: async () => ({ is: 'none' }),
  };
}

const WELL = {
  '--version': 'version: 10573 (abc)',
  '--help': HELP,
  '--list-devices': 'Available devices:\n  (none)\n',
};
const alone = { gpus: [], hasOthers: false };

describe('llama-server', () => {
  it('is fine if it exists and answers', async () => {
    const { file, findings } = await checkLlamaServer(SETTINGS, machine(WELL), alone);
    expect(file).toBe(FILE);
    expect(findings).toMatchObject([
      { check: 'engine', level: 'ok', message: `${FILE}, version 10573 (abc)` },
      { check: 'devices', level: 'ok', message: 'CPU only' },
    ]);
  });

  it('is an error if missing, and a warning if there are other engines', async () => {
    const nowhere = { ...SETTINGS, command: 'llama-srv' };
    const { file, findings } = await checkLlamaServer(nowhere, machine(WELL), alone);
    expect(file).toBe(null);
    expect(findings).toMatchObject([{ level: 'error', message: expect.stringContaining('PATH') as unknown }]);
    expect(findings[0]?.remedies).toMatchObject([{ label: 'Install one', command: 'llamactl quickstart' }, {}, {}]);
    expect(findings[0]?.remedies.at(-1)?.label).toBe('The folders of the PATH: /opt/llama');
    const beside = await checkLlamaServer(nowhere, machine(WELL), { gpus: [], hasOthers: true });
    expect(beside.findings).toMatchObject([{ level: 'warning' }]);
  });

  it('is an error if it cannot run, with its output', async () => {
    const stderr = '\nerror while loading shared libraries: libfoo.so.1: cannot open shared object file';
    const { findings } = await checkLlamaServer(SETTINGS, machine({ '--version': { code: 127, stderr } }), alone);
    expect(findings).toMatchObject([{ level: 'error', message: expect.stringContaining('libfoo.so.1') as unknown }]);
    expect(findings[0]?.remedies[0]?.link).toContain('LD_LIBRARY_PATH');
  });

  it('is an error if it lacks a flag that we pass', async () => {
    const old = { ...WELL, '--help': HELP.replace('--log-verbosity N', '') };
    const { findings } = await checkLlamaServer(SETTINGS, machine(old), alone);
    expect(findings).toMatchObject([
      { level: 'ok' },
      { level: 'error', message: expect.stringContaining('--log-verbosity') as unknown },
      { level: 'ok' },
    ]);
  });

  it('is a warning if it does not find the GPU of the machine', async () => {
    const { findings } = await checkLlamaServer(SETTINGS, machine(WELL), { gpus: [GPU], hasOthers: false });
    expect(findings.at(-1)).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('NVIDIA RTX') as unknown,
    });
    const seen = { ...WELL, '--list-devices': 'Available devices:\n  CUDA0: NVIDIA RTX (24077 MiB, 23500 MiB free)\n' };
    const sees = await checkLlamaServer(SETTINGS, machine(seen), { gpus: [GPU], hasOthers: false });
    expect(sees.findings.at(-1)).toMatchObject({ level: 'ok', message: expect.stringContaining('CUDA0') as unknown });
  });
});

describe('engines of the configuration', () => {
  it('are fine if they exist, else errors', async () => {
    const custom = (command: string) => ({ kind: 'custom', command });
    const { engines } = ConfigSchema.parse({ engines: { one: custom('llama-server'), two: custom('nope') } });
    expect(await checkCustomEngines(engines, machine({}))).toMatchObject([
      { check: 'engine one', level: 'ok', message: FILE },
      {
        check: 'engine two',
        level: 'error',
        remedies: [{ label: 'Correct', link: 'configuration/engines.two.command' }],
      },
    ]);
  });
});

describe('the PATH of other processes', () => {
  const engine = { command: 'llama-server', file: FILE };

  it.each([
    ['leads to the same engine', '/usr/bin:/opt/llama', 'ok'],
    ['does not lead to the engine', '/usr/bin', 'warning'],
  ])('%s', async (_what, path, level) => {
    expect(await checkPath(engine, { who: 'a service', path }, machine({}))).toMatchObject([{ check: 'PATH', level }]);
  });

  it('leads to another engine', async () => {
    const there = { ...engine, file: '/home/me/llama-server' };
    const [finding] = await checkPath(there, { who: 'a service', path: '/opt/llama' }, machine({}));
    expect(finding).toMatchObject({
      level: 'warning',
      message: `a service finds another engine than this shell: ${FILE}`,
    });
  });

  it('is irrelevant for a command with a path, and for the engine of quickstart', async () => {
    const nowhere = { who: 'a service', path: '/usr/bin' };
    expect(await checkPath({ ...engine, command: FILE }, nowhere, machine({}))).toEqual([]);
    const installed = { ...engine, file: '/data/engines/llama_cpp/llama-server' };
    expect(await checkPath(installed, nowhere, machine({}))).toEqual([]);
  });

  it('is known for the systems with services', () => {
    expect(serviceSearcher('linux')?.path).toContain('/usr/local/bin');
    expect(serviceSearcher('darwin')?.path).toContain('/usr/bin');
    expect(serviceSearcher('plan9')).toBe(null);
  });
});
