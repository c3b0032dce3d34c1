import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConfigSchema } from '@llamactl/contract/config';
import type { Finding, Inspection, LoadedConfig } from '@llamactl/server/main';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeldDirectory } from '../testing/held-directory.ts';
import { examine, type Patient } from './examination.ts';
import { well } from './finding.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const BARE: Inspection = {
  searchPath: '/usr/bin',
  installFolders: [],
  findProgram: async (command) => {
    throw new Error(`${command} was not found on the PATH (/usr/bin)`);
  },
  runTool: async () => ({ code: 0, stdout: '', stderr: '' }),
  portHolder: async () => null,
  listeningPorts: () => new Set(),
  enginePorts: async () => new Set(),
  gpus: async () => [],
  disk: async () => ({ available: 1_000_000_000, level: null }),
  models: async () => [],
  downloadFolder: () => home,
  modelProblem: async () => null,
  database: async () => ({ is: 'none' }),
};

/** A machine with nothing on it, and a server. */
function patient(changes: Partial<Patient> = {}): Patient {
  const config = ConfigSchema.parse({ data_dir: home, models: { dirs: [path.join(home, 'models')] } });
  return {
    readConfig: () => ({ config, file: null, warnings: [] as string[] }) as LoadedConfig,
    inspect: () => BARE,
    server: async () => ({ findings: [well('server', 'answers')], ports: new Set() }),
    contexts: path.join(home, 'contexts.json'),
    environment: {},
    built: '2026-03-01T12:00:00Z',
    now: () => Date.parse('2026-03-02T12:00:00Z'),
    uid: process.getuid?.() ?? null,
    ...changes,
  };
}

async function findings(of: Patient): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of examine(of)) all.push(finding);
  return all;
}

describe('the examination', () => {
  it('counts the models of all places, also without a server', async () => {
    const model = {
      name: 'a',
      format: 'gguf',
      source: 'ollama',
      path: '/b',
      size: 1,
      capabilities: [],
      problems: [],
    } as const;
    const inspect = (): Inspection => ({ ...BARE, models: async () => [{ ...model, capabilities: [], problems: [] }] });
    const found = await findings(patient({ inspect }));
    expect(found.find(({ check }) => check === 'models')).toMatchObject({ level: 'ok', message: '1 model of Ollama' });
  });

  it('runs all checks, with the server last', async () => {
    const found = await findings(patient());
    const checks = found.map(({ check }) => check);
    expect(checks).toEqual(
      expect.arrayContaining([
        'configuration',
        'data_dir',
        'disk',
        'database',
        'GPU',
        'engine',
        'models',
        'port',
        'port range',
      ]),
    );
    expect(checks.at(-1)).toBe('server');
    expect(found.filter(({ level }) => level === 'error').map(({ check }) => check)).toEqual(['engine']);
  });

  it('runs the possible checks with an invalid configuration, and names each of its problems', async () => {
    const readConfig = (): LoadedConfig => {
      throw new Error('c.yaml line 1: serverr is unknown.\nc.yaml line 2: port must be a number.');
    };
    const found = await findings(patient({ readConfig }));
    expect(found.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'c.yaml line 1: serverr is unknown.',
      'c.yaml line 2: port must be a number.',
    ]);
    const remedies = found.filter(({ check }) => check === 'configuration').map((each) => each.remedies.length);
    expect(remedies, 'the same remedy once').toEqual([0, 1]);
    expect(found.map(({ check }) => check)).toEqual(expect.arrayContaining(['contexts', 'clock', 'server']));
  });

  it('passes on warnings of the configuration', async () => {
    const { config } = patient().readConfig();
    const readConfig = () => ({ config, file: '/etc/c.yaml', warnings: ['groups has no effect.'] }) as LoadedConfig;
    expect(await findings(patient({ readConfig }))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ check: 'configuration', level: 'ok', message: '/etc/c.yaml' }),
        expect.objectContaining({ check: 'configuration', level: 'warning', message: 'groups has no effect.' }),
      ]),
    );
  });

  it('names variables of Ollama, without a warning', async () => {
    const found = await findings(patient({ environment: { OLLAMA_KEEP_ALIVE: '-1' } }));
    expect(found.filter(({ check }) => check === 'Ollama')).toMatchObject([
      { level: 'ok', message: 'without effect: OLLAMA_KEEP_ALIVE; here: instances.idle_timeout', remedies: [] },
    ]);
    expect((await findings(patient())).map(({ check }) => check)).not.toContain('Ollama');
  });

  it('asks the server that holds the data directory, if one runs', async () => {
    const asked: unknown[] = [];
    const server: Patient['server'] = async (local) => {
      asked.push(local);
      return { findings: [], ports: new Set() };
    };
    const held = new HeldDirectory(home);
    const { file } = held;
    held.describe('http://127.0.0.1:9000');
    await findings(patient({ server }));
    held.release();
    await findings(patient({ server }));
    expect(asked).toEqual([{ pid: process.pid, url: 'http://127.0.0.1:9000', file }, null]);
  });
});
