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
        'then: `llamactl create vllm --engine vllm-engine`',
    ]);
    for (const engine of Object.values(answer.configuration?.['engines'] ?? {}))
      expect(CustomEngineSchema.safeParse(engine).error).toBeUndefined();
  });
});

describe('the llama-server of a configuration', () => {
  const running = (...programs: string[]): Parsed =>
    parsePasted(`models:\n${programs.map((each, n) => `  m${n}: { cmd: ${each} -m /m.gguf }\n`).join('')}`, {
      catalogue,
      allowPrivileged: false,
      command: '/usr/bin/llama-server',
    });

  it('becomes that of llamactl if all models share it', () => {
    const answer = running('/opt/vulkan/llama-server', '/opt/vulkan/llama-server');
    expect(answer.configuration?.['engines']).toEqual({ llama_cpp: { command: '/opt/vulkan/llama-server' } });
    expect(whyOf(answer, '/opt/vulkan/llama-server')).toContain('`engines.llama_cpp.command`');
  });

  it('is not named if it is the same, or found by its name', () => {
    expect(running('/usr/bin/llama-server').configuration?.['engines']).toBeUndefined();
    expect(running('llama-server', 'llama-server').configuration?.['engines']).toBeUndefined();
  });

  it('is named with its models if they differ', () => {
    const answer = running('/opt/a/llama-server', '/opt/b/llama-server');
    expect(answer.configuration?.['engines']).toBeUndefined();
    expect(whyOf(answer, '/opt/a/llama-server (m0), /opt/b/llama-server (m1)')).toContain('another build');
  });
});
