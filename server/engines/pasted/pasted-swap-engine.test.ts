import { readFileSync } from 'node:fs';
import type { Parsed } from '@llamactl/contract/engine';
import { CustomEngineSchema } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { parseHelp } from '../flags.ts';
import { parsePasted } from './pasted-text.ts';

const HELP = readFileSync(new URL('../fixtures/llama-server-help.txt', import.meta.url), 'utf8');
const catalogue = parseHelp(HELP);
const parsed = (text: string): Parsed => parsePasted(text, { catalogue, allowPrivileged: false });
const whyOf = ({ dropped }: Pick<Parsed, 'dropped'>, text: string): string | undefined =>
  dropped?.find((each) => each.text === text)?.why;

describe('a model of another program', () => {
  it('gets a custom engine, and the command that creates its instance', () => {
    const answer = parsed(`models:
  whisper:
    cmd: CUDA_VISIBLE_DEVICES=1 /opt/whisper/whisper-server --host 0.0.0.0 --port \${PORT} -m /models/large.bin --api-key abc
    checkEndpoint: /v1/audio/transcriptions/
    env: [OMP_NUM_THREADS=4]
    aliases: [whisper-1]
    ttl: 60
  vllm:
    cmd: podman run --rm --name v-\${PORT} -p \${PORT}:8000 vllm/vllm-openai:v0.10 --model Qwen/Qwen3-8B
    checkEndpoint: none
  one: { cmd: llama-server -m /1.gguf }
groups:
  big: { members: [whisper, one] }
`);
    expect(answer.configuration?.['engines']).toEqual({
      whisper: {
        kind: 'custom',
        command: '/opt/whisper/whisper-server',
        args: ['--host', '${HOST}', '--port', '${PORT}', '-m', '${MODEL_PATH}', '--api-key', '${API_KEY}'],
        environment: { CUDA_VISIBLE_DEVICES: '1', OMP_NUM_THREADS: '4' },
        health_path: '/v1/audio/transcriptions/',
      },
      'vllm-engine': {
        kind: 'custom',
        command: 'podman',
        args: ['run', '--rm', '-p', '127.0.0.1:${PORT}:8000', 'vllm/vllm-openai:v0.10', '--model', 'Qwen/Qwen3-8B'],
      },
    });
    expect(answer.unread?.map(({ why }) => why)).toEqual([
      'begins with "/opt/whisper/whisper-server", which is not a llama-server; `engines.whisper` of the configuration can run it; ' +
        'then: `llamactl create whisper --engine whisper -m /models/large.bin --alias whisper-1 --idle-timeout 60 --group big`',
      'runs the image vllm/vllm-openai:v0.10, which is not of llama.cpp; `engines.vllm-engine` of the configuration can run it; ' +
        'then: `llamactl create vllm --engine vllm-engine --group default`',
    ]);
    for (const engine of Object.values(answer.configuration?.['engines'] ?? {}))
      expect(CustomEngineSchema.safeParse(engine).error).toBeUndefined();
  });

  it('has the settings of its instance, and is read once the configuration has the engine', () => {
    const text = `models:
  v: { cmd: vllm serve -m /m, env: [OMP_NUM_THREADS=4, SECRET_X=y], ttl: 60, filters: { setParams: { n: 1 } } }
  one: { cmd: llama-server -m /1.gguf }
`;
    const settings = {
      name: 'v',
      engine: 'v',
      model_path: '/m',
      idle_timeout: 60,
      request_strip: ['n'],
      request_defaults: { n: 1 },
    };
    expect(parsed(text).unread).toMatchObject([{ model: 'v', settings }]);
    const { instances, unread } = parsePasted(text, {
      catalogue,
      allowPrivileged: false,
      engines: new Map([['v', 'vllm']]),
    });
    expect(unread).toBeUndefined();
    expect(instances.map(({ model }) => model)).toEqual(['v', 'one']);
    expect(instances[0]).toMatchObject({ settings, dropped: [] });
    expect(instances[0]?.settings).not.toHaveProperty('environment');
  });
});

describe('the llama-server of a configuration', () => {
  const running = (...programs: string[]): Parsed => runningWith(new Map(), ...programs);
  const runningWith = (engines: ReadonlyMap<string, string>, ...programs: string[]): Parsed => {
    return parsePasted(`models:\n${programs.map((each, n) => `  m${n}: { cmd: ${each} -m /m.gguf }\n`).join('')}`, {
      catalogue,
      allowPrivileged: false,
      command: '/usr/bin/llama-server',
      engines,
    });
  };

  it('becomes that of llamactl if all models share it', () => {
    const answer = running('/opt/vulkan/llama-server', '/opt/vulkan/llama-server');
    expect(answer.configuration?.['engines']).toEqual({ llama_cpp: { command: '/opt/vulkan/llama-server' } });
    expect(whyOf(answer, '/opt/vulkan/llama-server')).toContain('`engines.llama_cpp.command`');
  });

  it('is not named if it is the same, or found by its name', () => {
    expect(running('/usr/bin/llama-server').configuration?.['engines']).toBeUndefined();
    expect(running('llama-server', 'llama-server').configuration?.['engines']).toBeUndefined();
  });

  it('is that of the first model if they differ, and others get an engine with its lines', () => {
    const answer = running('/usr/bin/llama-server', '/opt/b/llama-server');
    const engines = answer.configuration?.['engines'];
    expect(engines).toEqual({
      llama_cpp_2: {
        kind: 'custom',
        command: '/opt/b/llama-server',
        args: ['--host', '${HOST}', '--port', '${PORT}', '-m', '${MODEL_PATH}'],
        api_key_env: 'LLAMA_API_KEY',
      },
    });
    expect(CustomEngineSchema.safeParse(Object.values(engines ?? {})[0]).error).toBeUndefined();
    expect(whyOf(answer, '/opt/b/llama-server (m1)')).toContain('`engines.llama_cpp_2` of the configuration runs it');
    expect(answer.instances.map(({ settings }) => settings.engine)).toEqual(['llama_cpp', 'llama_cpp']);
    expect(running('/opt/a/llama-server', '/opt/b/llama-server').configuration?.['engines']).toMatchObject({
      llama_cpp: { command: '/opt/a/llama-server' },
      llama_cpp_2: { command: '/opt/b/llama-server' },
    });
  });

  it('runs the models of another build once the configuration has its engine', () => {
    const engines = new Map([['ik', '/opt/b/llama-server']]);
    const answer = runningWith(engines, '/usr/bin/llama-server', '/opt/b/llama-server -fmoe -amb 512 -c 5');
    expect(answer.instances.map(({ settings }) => settings.engine)).toEqual(['llama_cpp', 'ik']);
    expect(answer.configuration?.['engines']).toBeUndefined();
    // It has options that the llama-server of llamactl lacks.
    expect(answer.instances[1]).toMatchObject({
      settings: { options: { ctx_size: 5 }, extra_args: ['-fmoe', '-amb', '512'] },
      dropped: [],
    });
    expect(
      runningWith(new Map([['llama_cpp_2', '/x']]), '/a/llama-server', '/b/llama-server').configuration,
    ).toMatchObject({
      engines: { llama_cpp: { command: '/a/llama-server' }, llama_cpp_3: { command: '/b/llama-server' } },
    });
  });
});

describe('an engine that listens on all addresses by itself', () => {
  it.each([
    ['vllm serve Q --port ${PORT}', ['serve', 'Q', '--port', '${PORT}', '--host', '${HOST}'], 'VLLM_API_KEY'],
    ['uvx vllm serve Q --host 0.0.0.0', ['vllm', 'serve', 'Q', '--host', '${HOST}'], 'VLLM_API_KEY'],
    ['python -m sglang.launch_server', ['-m', 'sglang.launch_server', '--host', '${HOST}'], undefined],
    ['/opt/other --port ${PORT}', ['--port', '${PORT}'], undefined],
  ])('listens on loopback: %s', (cmd, args, keyVariable) => {
    const engines = parsed(`models:\n  x: { cmd: '${cmd}' }\n`).configuration?.['engines'];
    expect(engines).toMatchObject({ x: { args } });
    expect(Object.values(engines ?? {}).map((each: { api_key_env?: string }) => each.api_key_env)).toEqual([
      keyVariable,
    ]);
  });
});
