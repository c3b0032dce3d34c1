import { readFileSync } from 'node:fs';
import { CreateInstanceSchema } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import { parseHelp } from '../flags.ts';
import { parsePasted } from './pasted-text.ts';

const HELP = readFileSync(new URL('../fixtures/llama-server-help.txt', import.meta.url), 'utf8');
const catalogue = parseHelp(HELP);
const terms = { catalogue, allowPrivileged: false };

const only = (text: string) => {
  const { format, instances } = parsePasted(text, terms);
  const [instance, ...others] = instances;
  expect(others).toEqual([]);
  return { format, ...instance };
};

describe('a command line', () => {
  it('becomes options of the engine, by the names that the form has', () => {
    const { format, settings, understood } = only(
      'llama-server -m /models/Qwen3-8B-Q4_K_M.gguf -c 16384 -ngl 99 --flash-attn on --no-kv-offload --temp 0.7',
    );
    expect(format).toBe('command');
    expect(settings).toEqual({
      engine: 'llama_cpp',
      name: 'Qwen3-8B-Q4_K_M',
      model_path: '/models/Qwen3-8B-Q4_K_M.gguf',
      options: { ctx_size: 16_384, gpu_layers: 99, flash_attn: 'on', kv_offload: false, temp: 0.7 },
    });
    expect(understood).toContainEqual({ text: '-c 16384', path: 'options.ctx_size' });
    expect(understood).toContainEqual({ text: '--no-kv-offload', path: 'options.kv_offload' });
  });

  it('may be split over lines, and begin with a prompt, variables and runners', () => {
    const text = `$ CUDA_VISIBLE_DEVICES=0 LLAMA_ARG_CTX_SIZE=4096 nohup ./build/bin/llama-server \\
      --model '/models/my model.gguf' \\
      --threads 8`;
    const { settings, dropped } = only(text);
    expect(settings).toMatchObject({
      name: 'my-model',
      model_path: '/models/my model.gguf',
      environment: { CUDA_VISIBLE_DEVICES: '0' },
      options: { ctx_size: 4_096, threads: 8 },
    });
    expect(dropped?.map((each) => each.text)).toEqual(['nohup', './build/bin/llama-server']);
  });

  it.each([
    ['--host 0.0.0.0', '--host 0.0.0.0', /llamactl/],
    ['--api-key secret', '--api-key ***', /./],
    ['--frobnicate 3 -c 5', '--frobnicate 3', /no such option/],
    ['--ctx-sise 512', '--ctx-sise 512', /no such option; did you mean `--ctx-size`\?$/],
    ['-c', '-c', /lacks its value/],
    ['--port auto', '--port auto', /free port/],
    ['stray', 'stray', /belongs to no option/],
    ['-c 4096 -c 8192', '-c 4096', /last one counts/],
  ])('drops %s, and says why', (words, text, why) => {
    const { dropped } = only(`llama-server ${words}`);
    const found = dropped?.find((each) => each.text === text);
    expect(found?.why).toMatch(why);
  });

  it('keeps a fixed port, aliases and a model of a hub, and is named after the first alias', () => {
    const { settings } = only('llama-server -hf org/repo:Q4_K_M --port 8081 --alias gpt,chat');
    expect(settings).toMatchObject({ name: 'gpt', model: 'org/repo:Q4_K_M', port: 8_081, aliases: ['chat'] });
  });

  it('is named after its file if its alias is no valid name', () => {
    const { settings } = only('llama-server -m /models/chat.gguf --alias org/chat');
    expect(settings).toMatchObject({ name: 'chat', aliases: ['org/chat'] });
  });

  it('collects the values of an option that may be given several times', () => {
    const { settings } = only('llama-server --override-tensor a=CPU --override-tensor b=CPU');
    expect(settings?.options?.['override_tensor']).toEqual(['a=CPU', 'b=CPU']);
  });

  it('keeps all but the plainest arguments as they are if no llama-server is installed', () => {
    const [instance] = parsePasted('llama-server -m /m.gguf --port 5 --ctx-size 8 -fa', {
      ...terms,
      catalogue: null,
    }).instances;
    expect(instance?.settings).toMatchObject({ model_path: '/m.gguf', extra_args: ['--ctx-size', '8', '-fa'] });
  });

  it.each([
    ['vllm serve meta/llama', /begins with "vllm"/],
    ['   ', /has no command/],
    ["llama-server -m 'open", /quote that is not closed/],
  ])('is refused if it is none: %s', (text, message) => {
    expect(() => parsePasted(text, terms)).toThrow(message);
  });
});

describe('a docker run', () => {
  it('becomes settings of this machine: the path outside of the container, variables as options', () => {
    const { format, settings, dropped } = only(
      `docker run --rm -d --name chat -p 8080:8080 -v /srv/models:/models:ro --gpus all -e LLAMA_ARG_CTX_SIZE=4096 \\
       ghcr.io/ggml-org/llama.cpp:full-cuda --server -m /models/a/q.gguf --host 0.0.0.0 -ngl 99`,
    );
    expect(format).toBe('docker');
    expect(settings).toEqual({
      engine: 'llama_cpp',
      name: 'chat',
      model_path: '/srv/models/a/q.gguf',
      options: { ctx_size: 4_096, gpu_layers: 99 },
    });
    expect(dropped?.map((each) => each.text)).toEqual([
      'docker run',
      '--rm',
      '-d',
      '-p 8080:8080',
      '-v /srv/models:/models:ro',
      '--gpus all',
      'ghcr.io/ggml-org/llama.cpp:full-cuda',
      '--server',
      '--host 0.0.0.0',
    ]);
  });

  it('of another image is refused with what would run it', () => {
    expect(() => parsePasted('docker run vllm/vllm-openai --model x', terms)).toThrow(/custom engine/);
    expect(() => parsePasted('docker run --rm', terms)).toThrow(/names no image/);
  });
});

describe('models of llama-swap', () => {
  const CONFIGURATION = `
macros:
  server: /usr/bin/llama-server --port \${PORT}
models:
  "qwen/coder":
    cmd: |
      # the large one
      \${server}
      -m /models/qwen.gguf
      -c 32768
    aliases: [gpt-4o]
    ttl: 300
    proxy: http://127.0.0.1:9999
    env:
      - CUDA_VISIBLE_DEVICES=0
  embed:
    cmd: llama-server --port 9 -m /models/e.gguf --no-kv-offload
    unlisted: true
`;

  it('become an instance each, with aliases, idle time and variables', () => {
    const { format, instances } = parsePasted(CONFIGURATION, terms);
    expect(format).toBe('llama_swap');
    expect(instances.map(({ settings }) => settings)).toEqual([
      {
        engine: 'llama_cpp',
        name: 'qwen-coder',
        aliases: ['qwen/coder', 'gpt-4o'],
        idle_timeout: 300,
        environment: { CUDA_VISIBLE_DEVICES: '0' },
        model_path: '/models/qwen.gguf',
        options: { ctx_size: 32_768 },
      },
      {
        engine: 'llama_cpp',
        name: 'embed',
        unlisted: true,
        port: 9,
        model_path: '/models/e.gguf',
        options: { kv_offload: false },
      },
    ]);
    expect(instances[0]?.dropped).toContainEqual({
      text: 'proxy',
      why: 'llamactl reaches the engine by its own port',
    });
    expect(instances[0]?.dropped.map(({ text }) => text)).not.toContain('--port ${PORT}');
  });

  it('may be one model without the rest of the configuration', () => {
    const { format, settings } = only('cmd: llama-server -m /m/x.gguf -c 5\nttl: 60');
    expect([format, settings?.name, settings?.idle_timeout]).toEqual(['llama_swap', 'x', 60]);
  });

  it('give settings that a create accepts', () => {
    for (const { settings } of parsePasted(CONFIGURATION, terms).instances)
      expect(CreateInstanceSchema.safeParse(settings).error).toBeUndefined();
  });
});

describe('a hostile text', () => {
  it('with ten thousand variables and arguments is read within the time of a test', () => {
    const words = (part: (index: number) => string): string =>
      Array.from({ length: 10_000 }, (_, n) => part(n)).join(' ');
    const text = `${words((n) => `A${n}=`)} llama-server ${words(() => 'x')}`;
    const [instance] = parsePasted(text, { catalogue: null, allowPrivileged: true }).instances;
    expect(Object.keys(instance?.settings.environment ?? {})).toHaveLength(10_000);
    expect(instance?.settings.extra_args).toHaveLength(10_000);
  });

  it('whose macros double a text again and again is refused', () => {
    const doubled = Array.from({ length: 40 }, (_, n) => `  m${n + 1}: "\${m${n}}\${m${n}}"\n`).join('');
    const text = `macros:\n  m0: "twice "\n${doubled}models:\n  a:\n    cmd: llama-server \${m40}\n`;
    expect(() => parsePasted(text, terms)).toThrow(/macros that make more than/);
  });

  it.each(['*x', 'a: *x', `a: &a [x, x]\nb: &b [${'*a, '.repeat(60)}]\nc: [${'*b, '.repeat(60)}]`])(
    'with the YAML aliases %j is a command line that is none',
    (text) => {
      expect(() => parsePasted(text, terms)).toThrow(/is not a llama-server/);
    },
  );

  it('has a name twice: no part of it is dropped without a word', () => {
    const twice = 'm:\n  cmd: llama-server -c 1\nm:\n  cmd: llama-server -c 2\n';
    expect(() => parsePasted(twice, terms)).toThrow(/YAML with a mistake in line 3: "m" is there twice/);
  });

  it('names fields like members of every object', () => {
    const { instances } = parsePasted('m:\n  cmd: llama-server\n  constructor: 1\n', terms);
    expect(instances[0]?.dropped).toContainEqual({ text: 'constructor: 1', why: 'llamactl has no such setting' });
  });
});
