import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigSchema } from '@llamactl/contract/config';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { systemClock } from '../clock.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { engineRecord } from '../testing/contracts/engine.contract.ts';
import { createEngineEndpoint } from './endpoint.ts';
import { createEngines } from './engines.ts';
import { disguisesOf } from './fixtures/spellings.ts';
import { engineOptions } from './engine-option-list.ts';
import { parseHelp } from './flags.ts';
import { guardOfEntry, guardOfFlag } from './guarded-flags.ts';
import { LLAMA_CPP_VARIABLES } from './allowed-environment.ts';
import { guardOfVariable } from './guarded-environment.ts';

/** Facts about llama-server that the adapter relies on, checked with a real one. */

const KEY = 'key-of-this-run';
const engine = testEngine();
const clock = systemClock();
const endpoint = createEngineEndpoint({ clock });
const engines = createEngines({
  config: ConfigSchema.parse({ engines: { llama_cpp: { command: engine } } }).engines,
  allowPrivileged: false,
  searchPath: '/usr/bin:/bin',
  contextFolder: null,
  findProgram: (command) => Promise.resolve(command),
  runTool: (command, args) => {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
    return Promise.resolve({ code: status, stdout, stderr });
  },
  clock,
});
const adapter = engines.find('llama_cpp');
if (adapter === null) throw new Error('there is no llama_cpp');

let folder: string;
let model: string;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  model = await testModel();
  folder = await mkdtemp(path.join(tmpdir(), 'llamactl-facts-'));
  await engines.find('llama_cpp')?.learn(engineRecord().settings);
});

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function listenAnywhere(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts the engine as planned; `lines` grows, `exit` settles when it has ended. */
function start(plan: LaunchPlan): { lines: string[]; exit: Promise<number | null> } {
  const environment = { PATH: '/usr/bin:/bin', ...plan.environment, [plan.keyVariable ?? '']: KEY };
  const child = spawn(plan.command, plan.argv, { stdio: ['ignore', 'ignore', 'pipe'], env: environment });
  const lines: string[] = [];
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lines.splice(0, lines.length, ...output.split('\n'));
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  ends.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  });
  return { lines, exit };
}

async function planOf(settings: Partial<Settings>): Promise<LaunchPlan> {
  const { port, close } = await listenAnywhere();
  await close();
  return (
    adapter?.plan(engineRecord({ model_path: model, ...settings }, { port })) ?? Promise.reject(new Error('no plan'))
  );
}

/** Starts an engine and waits until it is ready; rejects with the engine's reason when it ends before. */
async function ready(settings: Partial<Settings>): Promise<number> {
  const plan = await planOf(settings);
  const { lines, exit } = start(plan);
  const died = exit.then((code) => {
    throw new Error(adapter?.reason({ code, signal: null, at: 0 }, lines, false));
  });
  const answered = (async () => {
    while ((await endpoint.probe({ port: plan.port, healthPath: plan.healthPath, key: null }, 5_000)) !== 'ok') {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  })();
  await Promise.race([answered, died]);
  died.catch(() => 'it was ended by the test');
  return plan.port;
}

async function get(port: number, route: string, key?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${route}`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
}

describe('the real llama-server', () => {
  it('takes its key from LLAMA_API_KEY and keeps only /health public', async () => {
    const port = await ready({});
    expect((await get(port, '/v1/models')).status).toBe(401);
    expect((await get(port, '/v1/models', 'another')).status).toBe(401);
    expect((await get(port, '/v1/models', KEY)).status).toBe(200);
    expect((await get(port, '/health')).status).toBe(200);
    expect(await endpoint.probe({ port, healthPath: '/v1/models', key: KEY }, 5_000)).toBe('ok');
    expect(await endpoint.probe({ port, healthPath: '/v1/models', key: null }, 5_000)).toBe('error');
  });

  it('has the routes and the header of the crossing', async () => {
    const port = await ready({});
    const ask = async (method: string, route: string, body?: object, headers = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${route}`, {
        method,
        // The engine may close a connection at rest just when the next request goes out on it.
        headers: { authorization: `Bearer ${KEY}`, connection: 'close', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const [header = ''] = adapter.crossing.headers;
    const completion = { prompt: 'Hi', stream: true };
    const answer = await (await ask('POST', '/v1/completions', completion, { [header]: 'one' })).text();
    expect(answer).toContain('data:');
    expect(await (await ask('GET', '/v1/stream?conv_id=one')).text()).toBe(answer);
    const known = await ask('POST', '/v1/streams/lookup', { conversation_ids: ['one'] });
    expect(await known.json()).toMatchObject([{ conversation_id: 'one' }]);
    expect((await ask('DELETE', '/v1/stream?conv_id=one')).status).toBe(204);
    expect((await ask('POST', '/v1/chat/completions/control', {})).status).toBe(400);
    expect((await ask('POST', '/v1/chat/completions/nothing', {})).status).toBe(404);
  });

  it('accepts options of every kind as the adapter writes them', async () => {
    const options: Settings['options'] = {
      context_size: 512,
      parallel: 1,
      gpu_layers: 0,
      threads: -1,
      reasoning_budget: -1,
      cache_ram: 0,
      temp: 0.000_000_1,
      flash_attn: true,
      fit: false,
      cpu_strict: false,
      perf: true,
      kv_offload: false,
      no_warmup: true,
      repack: true,
      swa_full: false,
      tensor_split: [1, 1],
      samplers: ['top_k', 'temperature'],
      logit_bias: ['1+1', '2-1'],
      control_vector_layer_range: [1, 1],
      override_kv: ['general.name=str:a', 'general.author=str:b'],
      cache_type_k: 'f16',
    };
    const settings = engineRecord({ model_path: model, options }).settings;
    expect(await adapter.check(settings)).toEqual({ problems: [], warnings: [] });
    const port = await ready({ options });
    const props: unknown = await (await get(port, '/props', KEY)).json();
    expect(props).toMatchObject({
      model_alias: 'one',
      total_slots: 1,
      default_generation_settings: { n_ctx: 512, params: { samplers: ['top_k', 'temperature'] } },
    });
  });

  it.each<[string, Partial<Settings>, RegExp]>([
    [
      'a missing model',
      { model_path: '/nowhere/a.gguf' },
      /failed to open GGUF file '\/nowhere\/a\.gguf' \(No such file/,
    ],
    [
      'a file that is no model',
      { model_path: import.meta.filename },
      /^invalid magic characters \(.*engine-facts\.test\.ts\)$/,
    ],
    ['an unknown flag', { extra_args: ['--bogus'] }, /^invalid argument: --bogus$/],
    ['a value that is no number', { extra_args: ['-c', 'many'] }, /^argument -c: not a number$/],
    ['a value that is missing', { extra_args: ['-c'] }, /^argument -c: needs a value$/],
    ['a flag with =', { extra_args: ['--ctx-size=5'] }, /^invalid argument: --ctx-size=5$/],
    [
      'a flag that was removed',
      { extra_args: ['--draft-max', '5'] },
      /^argument --draft-max: the argument has been removed/,
    ],
    ['a missing adapter', { options: { lora: '/nowhere/l.gguf' } }, /'\/nowhere\/l\.gguf'/],
  ])('reports the cause of %s', async (_case, settings, reason) => {
    const { lines, exit } = start(await planOf(settings));
    const code = await exit;
    expect(code).toBe(1);
    expect(adapter.reason({ code, signal: null, at: 0 }, lines, false)).toMatch(reason);
  });

  it('reports the cause of a truncated model', async () => {
    const truncated = path.join(folder, 'truncated.gguf');
    await writeFile(truncated, (await readFile(model)).subarray(0, 1_000_000));
    const { lines, exit } = start(await planOf({ model_path: truncated }));
    expect(adapter.reason({ code: await exit, signal: null, at: 0 }, lines, false)).toBe(
      `tensor 'blk.0.attn_k.weight' data is not within the file bounds, model is corrupted or incomplete (${truncated})`,
    );
  });

  it('reports that its port is in use', async () => {
    const { port, close } = await listenAnywhere();
    ends.push(close);
    const { lines, exit } = start(adapter.plan(engineRecord({ model_path: model }, { port })));
    expect(adapter.reason({ code: await exit, signal: null, at: 0 }, lines, false)).toBe(
      `couldn't bind HTTP server socket, hostname: 127.0.0.1, port: ${port}: is the port in use?`,
    );
  });
});

describe('the real --help', () => {
  const help = spawnSync(engine, ['--help'], { encoding: 'utf8' }).stdout;
  const catalogue = parseHelp(help);

  it('is parsed completely', () => {
    const heads = help.split('\n').filter((line) => /^-{1,2}[a-z]/i.test(line));
    expect(catalogue.entries).toHaveLength(heads.length);
    expect(heads.length).toBeGreaterThan(200);
    const spellings = heads.flatMap((line) => line.match(/(?<=^|, {1,6})--?[a-z][\w.-]*/gi) ?? []);
    expect(spellings.filter((spelling) => catalogue.findArgument(spelling) === null)).toEqual([]);
  });

  it('lists options of every type, each in a section', () => {
    const options = engineOptions(catalogue);
    expect(new Set(options.map(({ key }) => key)).size).toBe(options.length);
    expect(options.filter(({ group }) => group === null)).toEqual([]);
    const types = new Set(options.map(({ type }) => type));
    expect([...types].toSorted()).toEqual(['choice', 'list', 'number', 'switch', 'text']);
    const explained = options.filter(({ default: usual }) => /[()]|, 0|\s=\s/.test(usual ?? ''));
    expect(explained.map(({ key, default: usual }) => [key, usual])).toEqual([]);
  });

  it('has no guarded flag that a disguise can bypass', () => {
    const guarded = catalogue.entries.filter((entry) => guardOfEntry(entry) !== null);
    expect(guarded.length).toBeGreaterThan(35);
    for (const entry of guarded) {
      const property = fc.property(disguisesOf(entry), (spelling) => {
        expect(guardOfFlag(spelling, catalogue)).not.toBeNull();
        expect(guardOfFlag(spelling, null)).not.toBeNull();
      });
      fc.assert(property, { numRuns: 20 });
    }
  });

  it('has no unguarded flag whose description mentions files, programs or the network', () => {
    const free = catalogue.entries.filter((entry) => guardOfEntry(entry) === null);
    const suspicious = free.filter(({ placeholder, description }) =>
      /FNAME|FILE|PATH|DIR|URL|untrusted|download/.test(`${placeholder} ${description.replace(/\(default:.*/, '')}`),
    );
    expect(suspicious.map(({ spellings }) => spellings[0])).toEqual([
      '--lora',
      '--lora-scaled',
      '--control-vector',
      '--control-vector-scaled',
      '--spec-draft-model',
      '--mmproj',
    ]);
  });

  it("has no variable that bypasses its flag's guard", () => {
    for (const entry of catalogue.entries) {
      for (const variable of entry.variables.filter((name) => !LLAMA_CPP_VARIABLES.has(name))) {
        for (const known of [catalogue, null]) {
          const terms = { catalogue: known, allowed: LLAMA_CPP_VARIABLES, readsFlagVariables: true };
          const guard = guardOfVariable(variable, '1', terms);
          expect([variable, guard?.guard]).toEqual([variable, guardOfEntry(entry)?.guard]);
        }
      }
    }
  });
});
