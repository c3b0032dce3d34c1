import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer, finish, refuses, says, sendPiece } from '../testing/chat-server.ts';
import type { Model } from '@llamactl/client';
import { quantList, sampleDownload } from '../testing/sample-download.ts';
import { sampleModel } from '../testing/sample-model.ts';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';

const fit = { fits: 'yes', memory_needed: 6e9 };
const STARTERS = [
  {
    name: 'Qwen3 8B',
    purpose: 'general',
    memory_gb: 16,
    reference: 'Qwen/Qwen3-8B-GGUF:Q4_K_M',
    size: 5e9,
    reason: '',
    ...fit,
  },
  {
    name: 'Qwen3 8B for 32 GB',
    purpose: 'small',
    memory_gb: 32,
    reference: 'Qwen/Qwen3-8B-GGUF:Q4_K_M',
    size: 5e9,
    reason: '',
    ...fit,
  },
  { name: 'Huge', purpose: 'general', memory_gb: 64, reference: 'a/huge', size: 60e9, reason: '', ...fit, fits: 'no' },
  { name: 'Finder', purpose: 'embedding', memory_gb: 8, reference: 'a/finder', size: 1e9, reason: '', ...fit },
];

let server: ChatServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await new ChatServer().listen();
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

function run(words: string[], options: RunOptions = {}): Promise<RunResult> {
  return sandbox.run(['run', ...words], { ...options, environment: { LLAMACTL_URL: server.url } });
}

function modelFile(name: string): string {
  const folder = path.join(sandbox.home, 'models');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, 'GGUF');
  return file;
}

describe('llamactl run with one question', () => {
  beforeEach(() => void server.add('qwen', { status: 'running', aliases: ['org/qwen:latest'] }));

  it('prints only the answer on standard output', async () => {
    expect(await run(['qwen', 'Say', 'hello'])).toEqual({ status: 0, stdout: 'Hello.\n', stderr: '' });
    expect(server.questions).toEqual([
      { model: 'qwen', messages: [{ role: 'user', content: 'Say hello' }], stream: true },
    ]);
  });

  it('names the instances that its start has stopped', async () => {
    const big = server.add('big', { status: 'stopped' });
    server.onStart = () => {
      big.status = 'starting';
      setImmediate(() => (big.status = 'running'));
    };
    const trigger = { kind: 'eviction', needed_by: 'big' };
    const changes = [
      { name: 'qwen', previous_status: 'running', status: 'stopping', trigger },
      { name: 'big', previous_status: 'stopped', status: 'starting' },
    ];
    const events = changes.map((data) => ({ type: 'instance_status_changed', seq: 1, timestamp: '', data }));
    server.others.set('GET /api/events', [{ events, more: false, oldest_seq: 1 }]);
    const { stdout, stderr } = await run(['big', 'Say hello']);
    expect([stdout, stderr]).toEqual(['Hello.\n', expect.stringContaining('stopped to make room: qwen\n')]);
  });

  it('asks once for a running instance, because requests of a minute are limited', async () => {
    server.others.set('GET /api/instances/qwen', [server.instances.get('qwen')]);
    server.others.set('GET /api/instances', [{ instances: [] }]);
    expect((await run(['qwen', 'x'])).stdout).toBe('Hello.\n');
    expect(server.asked).toEqual(['GET /api/instances/qwen']);
  });

  it('asks once for a running instance with an alias', async () => {
    const info = { id: 'id-1', name: 'qwen', quantization: null, size: 1, context: null };
    const qwen = server.add('qwen', { status: 'running', aliases: ['qwen3:8b'], model_info: info });
    server.others.set('GET /api/instances', [{ instances: [qwen] }]);
    server.others.set('GET /api/instances/qwen', [qwen]);
    expect((await run(['qwen3:8b', 'x'])).stdout).toBe('Hello.\n');
    expect(server.asked).toEqual(['GET /api/instances']);
  });

  it('reads the question from a pipe', async () => {
    expect(await run(['QWEN'], { input: 'Say hello\n' })).toMatchObject({ status: 0, stdout: 'Hello.\n' });
    expect(server.questions).toMatchObject([{ messages: [{ content: 'Say hello' }] }]);
  });

  it('appends piped input to the prompt', async () => {
    await run(['org/qwen:latest', 'Sum this up:'], { input: 'one\ntwo\n' });
    expect(server.questions).toMatchObject([{ model: 'qwen', messages: [{ content: 'Sum this up:\n\none\ntwo' }] }]);
  });

  it('passes its flags on', async () => {
    await run(['qwen', 'x', '--system', 'Be brief.', '--temperature', '0', '--max-tokens', '9']);
    expect(server.questions).toMatchObject([
      { temperature: 0, max_tokens: 9, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] },
    ]);
  });

  it.each([
    ['--think=false', { enable_thinking: false }],
    ['--think', { enable_thinking: true }],
    ['--think=true', { enable_thinking: true }],
    ['--think=low', { enable_thinking: true, reasoning_effort: 'low' }],
  ])('says with %s whether the model reasons first', async (flag, chat_template_kwargs) => {
    expect(await run([flag, 'qwen', 'x'])).toMatchObject({ status: 0, stderr: '' });
    expect(server.questions).toMatchObject([{ model: 'qwen', chat_template_kwargs, messages: [{ content: 'x' }] }]);
  });

  it('refuses another value of --think, and takes it as text elsewhere', async () => {
    expect((await run(['qwen', 'x', '--think=maybe'])).stderr).toContain('Give true, false, low, medium, high.');
    await run(['qwen', '--system', '--think', '--', '--think']);
    expect(server.questions).toMatchObject([{ messages: [{ content: '--think' }, { content: '--think' }] }]);
    expect(server.questions[0]).not.toHaveProperty('chat_template_kwargs');
  });

  it.each(['--hide-thinking', '--hidethinking'])('shows no reasoning on a terminal with %s', async (flag) => {
    server.answerers = [
      (response) => {
        sendPiece(response, { reasoning_content: 'Hm.' });
        sendPiece(response, { content: 'Yes.' });
        finish(response);
      },
    ];
    expect((await run(['qwen', 'x'], { columns: 80 })).stdout).toContain('thinking: ');
    const { stdout } = await run(['qwen', 'x', flag], { columns: 80 });
    expect(stdout).toContain('Yes.');
    expect(stdout).not.toContain('Hm.');
  });

  it('requires a question', async () => {
    const { status, stderr } = await run(['qwen']);
    expect(status).toBe(2);
    expect(stderr).toContain('no prompt: give one');
    expect(server.questions).toEqual([]);
  });

  it.each([
    ['--temperature', 'hot'],
    ['--max-tokens', '0'],
  ])('refuses %s %s', async (...flag) => {
    expect(await run(['qwen', 'x', ...flag])).toMatchObject({ status: 2, stdout: '' });
  });

  it('prints a note while piped input does not end', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: false });
    const waiting = Promise.withResolvers<() => void>();
    const interrupt = new AbortController();
    const result = run(['qwen', 'Sum up:'], {
      pipe: input,
      onEvery: waiting.resolve,
      signal: interrupt.signal,
      onErrorOutput: () => interrupt.abort(),
    });
    (await waiting.promise)();
    const { status, stderr } = await result;
    expect(stderr).toContain('reading standard input, until it ends; add < /dev/null');
    expect(status).toBe(130);
    expect(input.destroyed).toBe(true);
  });

  it('says that it waits for a server that was killed during the start, and goes on when one is there', async () => {
    const instance = server.add('qwen', { status: 'stopped' });
    server.onStart = () => void (instance.status = 'starting');
    const steps: Promise<unknown>[] = [];
    const { status, stdout, stderr } = await run(['qwen', 'x'], {
      onErrorOutput: (output) => {
        if (output.endsWith('starting qwen …\n') && steps.length === 0) steps.push(server.leave());
        if (!output.endsWith('waiting for it …\n')) return;
        instance.status = 'running';
        steps.push(server.listen());
      },
    });
    await Promise.all(steps);
    expect([status, stdout]).toEqual([0, 'Hello.\n']);
    expect(stderr).toContain(
      'starting qwen …\nllamactl: the server does not answer; waiting for it …\nllamactl: starting qwen …\n',
    );
  });

  it('prints the remedies that why has, if the model file of an instance is gone', async () => {
    server.add('old', { model_path: '/blobs/gone' });
    server.missingModel = 'the model file /blobs/gone does not exist';
    const remedy = { label: 'Use the file that smol has now', operation: 'updateInstance', body: { model: 'smol' } };
    server.others.set('GET /api/instances/old/why', [{ sentence: '', evidence: [], remedies: [remedy] }]);
    const { status, stderr } = await run(['old', 'x']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'llamactl: the model file /blobs/gone does not exist\n' +
        '  Use the file that smol has now: llamactl update old --model smol\n',
    );
    expect(server.instances.has('old')).toBe(true);
  });

  it('says that the library has a newer version of the model, and how to use it', async () => {
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    server.add('pirate', { status: 'running', model: 'pirate:1b', aliases: ['pirate:1b'], newer_model_path: file });
    expect((await run(['pirate', 'x'])).stderr).toBe(
      'the library has a newer version of pirate:1b; to use it, with its system prompt and parameters instead of those of pirate: ' +
        'llamactl import ollama pirate:1b --update\n',
    );
    server.add('mine', { status: 'running', model: 'pirate:1b', newer_model_path: file });
    expect((await run(['mine', 'x'])).stderr).toContain('; to use it: llamactl import ollama pirate:1b --update\n');
    server.add('smol', { status: 'running', model: 'a/smol:Q4_0', newer_model_path: '/hub/smol.gguf' });
    expect((await run(['smol', 'x'])).stderr).toBe(
      'the library has a newer version of a/smol:Q4_0; to use it: llamactl update smol --model a/smol:Q4_0\n',
    );
  });

  it('says with --format json how to ask for an answer in JSON', async () => {
    const { stdout, stderr } = await run(['qwen', 'x', '--format', 'json']);
    expect(stdout).toMatch(/^\{"choices"/);
    expect(stderr).toContain(`llamactl update qwen --request-default 'response_format={"type":"json_object"}'\n`);
    expect((await run(['qwen', 'x', '--json'])).stderr).toBe('');
  });

  it('prints chunks as JSON with --json', async () => {
    const { stdout } = await run(['qwen', 'x', '--json']);
    const pieces = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(pieces).toMatchObject([
      { choices: [{ delta: { content: 'Hel' } }] },
      { choices: [{ delta: { content: 'lo.' } }] },
      { choices: [{ finish_reason: 'stop' }] },
    ]);
  });

  it('prints statistics with --verbose', async () => {
    server.answerers = [
      (response) => {
        sendPiece(response, { content: 'Hi' }, { timings: { predicted_n: 3, predicted_per_second: 48.4 } });
        finish(response);
      },
    ];
    const { stdout, stderr } = await run(['qwen', 'x', '--verbose'], { now: 5_000 });
    expect(stdout).toBe('Hi\n');
    expect(stderr).toBe('3 tokens, 48 tokens/s, first token after 0.00 s\n');
    expect(server.questions).toMatchObject([{ stream_options: { include_usage: true } }]);
  });

  it('reports that an answer was cut off', async () => {
    server.answerers = [
      (response) => {
        sendPiece(response, { content: 'Once upon' });
        finish(response, 'length');
      },
    ];
    expect((await run(['qwen', 'x'])).stderr).toContain('cut off at the token limit');
  });

  it('shows reasoning only on a terminal, and faint', async () => {
    server.answerers = [
      (response) => {
        sendPiece(response, { reasoning_content: 'Hm, ' });
        sendPiece(response, { reasoning_content: 'easy.' });
        sendPiece(response, { content: '\n\n' });
        sendPiece(response, { content: 'Yes.' });
        finish(response);
      },
    ];
    expect((await run(['qwen', 'x'])).stdout).toBe('\n\nYes.\n');
    expect((await run(['qwen', 'x', '--no-color'], { columns: 80 })).stdout).toBe('thinking: Hm, easy.\n\nYes.\n');
    expect((await run(['qwen', 'x'], { columns: 80 })).stdout).toContain('\u001B[2mthinking: \u001B[22m');
  });

  it('removes control characters on a terminal, and keeps them in a file', async () => {
    server.answerers = [says('a\u001B[2Jb\u0007')];
    expect((await run(['qwen', 'x'], { columns: 80 })).stdout).toBe('ab\n');
    expect((await run(['qwen', 'x'])).stdout).toBe('a\u001B[2Jb\u0007\n');
  });

  it('fails with the reason when the engine dies on the question', async () => {
    server.answerers = [
      (response) => {
        sendPiece(response, { content: 'Once upon' });
        server.add('qwen', { status: 'restarting', reason: 'backoff after: the engine crashed (SIGSEGV)' });
        setImmediate(() => response.destroy());
      },
    ];
    const { status, stdout, stderr } = await run(['qwen', 'x']);
    expect(stdout).toBe('Once upon\n');
    expect(stderr).toContain('the answer broke off: qwen is restarting: the engine crashed (SIGSEGV)');
    expect(status).toBe(1);
  });

  it('fails with the reason when the engine dies before its first token', async () => {
    server.answerers = [
      (response) => {
        server.add('qwen', { status: 'restarting', reason: 'backoff after: the engine crashed (SIGSEGV)' });
        response.destroy();
      },
    ];
    const { status, stderr } = await run(['qwen', 'x']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('qwen is restarting: the engine crashed (SIGSEGV)')]);
  });

  it('exits with 130 on Ctrl-C', async () => {
    const interrupt = new AbortController();
    server.answerers = [(response) => sendPiece(response, { content: 'Once' })];
    const options = { signal: interrupt.signal, onOutput: () => interrupt.abort() };
    expect(await run(['qwen', 'x'], options)).toMatchObject({ status: 130, stdout: 'Once\n' });
  });

  it('prints the refusal of a prompt that is too long, with the remedy', async () => {
    server.answerers = [refuses(400, 'exceed_context_size_error', 'the request exceeds the context size')];
    expect(await run(['qwen', 'x'])).toMatchObject({
      status: 1,
      stderr:
        'llamactl: the request exceeds the context size\n' +
        '  for a larger context: llamactl update qwen -o ctx_size=NUMBER --restart\n',
    });
  });
});

describe('llamactl run with a model', () => {
  it('starts its instance, and prints how to stop it', async () => {
    server.add('qwen');
    const { stdout, stderr } = await run(['qwen', 'x']);
    expect(stdout).toBe('Hello.\n');
    expect(stderr).toContain('starting qwen');
    expect(stderr).toContain('llamactl stop qwen');
  });

  it('prints no notes with --quiet', async () => {
    server.add('qwen');
    expect(await run(['-q', 'qwen', 'x'])).toEqual({ status: 0, stdout: 'Hello.\n', stderr: '' });
  });

  it('prints the reason and the last output if the start fails', async () => {
    server.add('qwen');
    server.onStart = (instance) => {
      instance.status = 'failed';
      instance.reason = 'failed to read header';
      const exit = { code: 1, signal: null, at: '2026-03-01T12:00:00Z', reason: 'failed to read header' };
      instance.last_exit = { ...exit, cause: 'model_damaged', lines: ['E one\u001B[2J', 'E two'] };
    };
    const { status, stdout, stderr } = await run(['qwen', 'x']);
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' });
    expect(stderr).toContain('qwen did not start: failed to read header\n    E one\n    E two\n');
    expect(stderr).toContain('llamactl why qwen');
  });

  it('creates an instance for a file, once', async () => {
    const file = modelFile('Tiny Model.gguf');
    expect((await run([file, 'x'])).stderr).toContain(`created instance Tiny-Model for ${file}\n`);
    expect([...server.instances.values()]).toMatchObject([{ name: 'Tiny-Model', model_path: file }]);
    expect(await run([file, 'x'])).toMatchObject({ status: 0, stderr: '' });
    expect(server.instances.size).toBe(1);
  });

  it('says which projector the launch of a file uses', async () => {
    server.companions = ['--mmproj', '/models/p.gguf'];
    const file = modelFile('sees.gguf');
    expect((await run([file, 'x'])).stderr).toContain(
      `created instance sees for ${file}\nit uses the projector /models/p.gguf\n`,
    );
  });

  it('deletes the new instance of a file if it does not start', async () => {
    server.onStart = (instance) => Object.assign(instance, { status: 'failed', reason: 'failed to read header' });
    const { status, stderr } = await run([modelFile('bad.gguf'), 'x']);
    expect(status).toBe(6);
    expect(stderr).toContain('bad did not start: failed to read header\n  the new instance bad was deleted');
    expect(server.instances.size).toBe(0);
  });

  it('finds a model of the server by name, file, reference or id, in any case', async () => {
    const file = modelFile('Tiny-00001-of-00002.gguf');
    const ref = 'acme/Tiny-GGUF:Q4_K_M';
    server.models = [sampleModel({ name: 'Tiny', path: file, ref })];
    for (const word of ['tiny', 'tiny-00001-of-00002.GGUF', ref, '0123456789abcdef'])
      expect(await run([word, 'x'])).toMatchObject({ status: 0, stdout: 'Hello.\n' });
    expect([...server.instances.values()]).toMatchObject([{ name: 'Tiny', model: ref, aliases: [ref] }]);
    for (const word of ['tini', 'acme']) {
      const { status, stderr } = await run([word, 'x']);
      expect([status, stderr]).toEqual([3, expect.stringContaining('did you mean Tiny?')]);
    }
    const other = await run(['Other.gguf', 'x']);
    expect([other.status, other.stderr]).toEqual([
      3,
      expect.stringContaining(`no such file: ${path.resolve('Other.gguf')}`),
    ]);
  });

  describe('of Ollama', () => {
    const blob = '/ollama/blobs/sha256-0a';
    const ofOllama = (tag: string, id: string): Model =>
      sampleModel({ id, name: tag, ref: `ollama:${tag}`, path: blob, source: 'ollama' });

    it('makes no instance if it cannot be loaded, and says why', async () => {
      server.models = [{ ...ofOllama('pirate:latest', 'id-1'), problems: ['pirate:latest lacks its file sha256-0a'] }];
      expect(await run(['pirate', 'x'])).toEqual({
        status: 1,
        stdout: '',
        stderr: 'llamactl: pirate:latest lacks its file sha256-0a\n',
      });
      expect(server.instances.size).toBe(0);
    });

    it.each(['pirate', 'pirate:latest', 'ollama:pirate:latest'])('is called %s, as Ollama does', async (word) => {
      server.models = [ofOllama('pirate:latest', 'id-1'), ofOllama('pirate:135m', 'id-2')];
      expect(await run([word, 'x'])).toMatchObject({ status: 0, stdout: 'Hello.\n' });
      expect([...server.instances.values()]).toMatchObject([
        { name: 'pirate', model: 'ollama:pirate:latest', aliases: ['pirate:latest'] },
      ]);
    });

    it('keeps its name without a tag, which programs use', async () => {
      server.models = [ofOllama('me/pirate:latest', 'id-1')];
      await run(['me/pirate', 'x']);
      expect([...server.instances.values()]).toMatchObject([{ aliases: ['me/pirate:latest', 'me/pirate'] }]);
    });

    it('is never another model of that name in a namespace', async () => {
      const other = { ...ofOllama('pirate:latest', 'id-2'), path: '/ollama/blobs/sha256-0b' };
      server.models = [ofOllama('me/pirate:latest', 'id-1'), other];
      for (const word of ['me/pirate', 'pirate', 'pirate:latest', 'me/pirate:latest']) await run([word, 'x']);
      expect([...server.instances.values()]).toMatchObject([
        { name: 'me-pirate', model: 'ollama:me/pirate:latest' },
        { name: 'pirate', model: 'ollama:pirate:latest' },
      ]);
      expect(server.questions.map(({ model }) => model)).toEqual(['me-pirate', 'pirate', 'pirate', 'me-pirate']);
    });

    it('does not get the instance of another model with the same file', async () => {
      server.models = [ofOllama('smol:135m', 'id-1'), ofOllama('pirate:latest', 'id-2')];
      server.add('smol', { model: 'smol:135m', model_path: blob, aliases: ['smol:135m'], status: 'running' });
      await run(['pirate', 'x']);
      expect([...server.instances.keys()]).toEqual(['smol', 'pirate']);
      await run(['smol:135m', 'x']);
      expect([...server.instances.keys()]).toEqual(['smol', 'pirate']);
      expect(server.questions.at(-1)?.model).toBe('smol');
    });

    it('does not get an instance with another name that was made of it', async () => {
      server.models = [ofOllama('pirate:latest', 'id-1')];
      server.add('cook', { model: 'pirate', model_path: blob, system_prompt: 'You are a cook.', status: 'running' });
      const { stderr } = await run(['pirate', 'x']);
      expect([...server.instances.keys()]).toEqual(['cook', 'pirate']);
      expect(stderr).not.toContain('in Ollama');
    });

    it('gives its system prompt and parameters to the instance, and says so', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const settings = { system_prompt: 'You are a pirate.', request_defaults: { temperature: 0.2 } };
      server.others.set('GET /api/models/id-1', [{ ...model, ...settings, other_parameters: {} }]);
      const { stderr } = await run(['pirate', 'x']);
      expect([...server.instances.values()]).toMatchObject([{ name: 'pirate', ...settings }]);
      expect(stderr).toContain(
        'the instance has the system prompt and parameters of the model in Ollama; to see them: llamactl show pirate\n',
      );
    });

    it('has its system prompt alone, in the singular', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const details = { system_prompt: 'Arr.', request_defaults: {}, other_parameters: {} };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      expect((await run(['pirate', 'x'])).stderr).toContain('in Ollama; to see it: llamactl show pirate\n');
    });

    it('gives its parameters of the engine as options, and names those that are not used', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const parameters = { num_ctx: 8_192, num_thread: 4, num_gpu: 0, num_batch: 256, num_keep: 24, use_mmap: true };
      const details = { system_prompt: null, request_defaults: {}, other_parameters: parameters };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      const { stderr } = await run(['pirate', 'x']);
      const options = { ctx_size: 8_192, threads: 4, n_gpu_layers: 0, batch_size: 256 };
      expect([...server.instances.values()]).toMatchObject([{ name: 'pirate', options }]);
      expect(stderr).toContain(
        'options from its parameters in Ollama: ctx_size=8192, threads=4, n_gpu_layers=0, batch_size=256, load_mode=mmap\n' +
          'parameters in Ollama that are not used: num_keep\n',
      );
    });

    it('leaves out options for which the engine is too old', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const parameters = { num_thread: 4, use_mmap: false };
      const details = { system_prompt: null, request_defaults: {}, other_parameters: parameters };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      server.others.set('GET /api/engines/llama_cpp/options', [{ options: [{ key: 'threads' }], problem: null }]);
      expect((await run(['pirate', 'x'])).stderr).toContain('parameters in Ollama that are not used: use_mmap\n');
      expect([...server.instances.values()]).toMatchObject([{ options: { threads: 4 } }]);
      expect([...server.instances.values()][0]?.options).not.toHaveProperty('load_mode');
    });

    it('says that messages of the model have no effect', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const messages = [{ role: 'user', content: 'Hi' }];
      const details = { system_prompt: null, request_defaults: {}, other_parameters: {}, messages };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      expect((await run(['pirate', 'x'])).stderr).toContain(
        'the model has 1 message that begins each chat in Ollama: not used, programs send the conversation with each request\n',
      );
    });

    it('leaves layers, threads and the length of answers to the engine, as its parameters do', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const defaults = { num_gpu: -1, num_thread: 0, num_predict: -1 };
      const details = { system_prompt: null, request_defaults: {}, other_parameters: defaults };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      expect((await run(['pirate', 'x'])).stderr).not.toContain('parameters');
      expect([...server.instances.values()][0]).toMatchObject({ options: {} });
    });

    it('keeps fields of requests that its server counts among other parameters', async () => {
      const model = ofOllama('pirate:latest', 'id-1');
      server.models = [model];
      const details = { system_prompt: null, request_defaults: { seed: 1 }, other_parameters: { min_p: 0.1 } };
      server.others.set('GET /api/models/id-1', [{ ...model, ...details }]);
      expect((await run(['pirate', 'x'])).stderr).not.toContain('not used');
      expect([...server.instances.values()]).toMatchObject([{ request_defaults: { seed: 1, min_p: 0.1 } }]);
    });

    it('says which projector and adapter the launch uses', async () => {
      server.models = [ofOllama('pirate:latest', 'id-1')];
      server.companions = ['--mmproj', '/blobs/p', '--lora', '/blobs/a'];
      const { stderr } = await run(['pirate', 'x']);
      expect(stderr).toContain('it uses the projector /blobs/p\nit uses the adapter /blobs/a\n');
    });

    it('has the tag of an instance without one, unless a model has that name', async () => {
      server.add('mine', { status: 'running' });
      await run(['mine:latest', 'x']);
      expect(server.questions.at(-1)?.model).toBe('mine');
      server.models = [ofOllama('mine:latest', 'id-1')];
      await run(['mine:latest', 'x']);
      expect(server.questions.at(-1)?.model).toBe('mine-2');
    });

    it('is named if only another tag exists', async () => {
      server.models = [ofOllama('tiny:1b', 'id-1')];
      for (const word of ['tiny', 'tiny:latest'])
        expect((await run([word, 'x'])).stderr).toContain('did you mean tiny:1b?');
    });
  });

  it('is talked to through an instance of its file, also by the reference of its hub', async () => {
    const file = modelFile('Tiny.gguf');
    server.models = [sampleModel({ name: 'Tiny', path: file, ref: 'acme/Tiny-GGUF:Q4_K_M' })];
    server.add('mine', { model: 'tiny', model_path: file, status: 'running' });
    await run(['acme/Tiny-GGUF:Q4_K_M', 'x']);
    expect([...server.instances.keys()]).toEqual(['mine']);
  });

  it('takes a reference with the address of its hub', async () => {
    server.models = [sampleModel({ name: 'Tiny', path: modelFile('Tiny.gguf'), ref: 'acme/Tiny-GGUF:Q4_K_M' })];
    expect((await run(['hf.co/acme/Tiny-GGUF:Q4_K_M', 'x'])).status).toBe(0);
  });

  it('waits for the first scan of a server that has just started', async () => {
    server.models = [sampleModel({ name: 'tiny', path: modelFile('tiny.gguf') })];
    server.scans = 1;
    expect((await run(['tiny', 'x'])).status).toBe(0);
  });

  it('lists the files if several have the name', async () => {
    const paths = ['/m/one.gguf', '/m/more/ONE.gguf'];
    server.models = paths.map((file, index) =>
      sampleModel({ name: path.basename(file, '.gguf'), path: file, id: `id-${index}` }),
    );
    const { status, stderr } = await run(['one', 'x']);
    expect(status).toBe(2);
    expect(stderr).toContain(`give a reference, an id or a path\n  id-0  one  ${paths[0]}\n  id-1  ONE  ${paths[1]}\n`);
    expect(server.instances.size).toBe(0);
  });

  it('follows a link to the file', async () => {
    const file = modelFile('real.gguf');
    const link = path.join(sandbox.home, 'link.gguf');
    symlinkSync(file, link);
    server.add('mine', { model_path: file, status: 'running' });
    await run([link, 'x']);
    expect(server.questions).toMatchObject([{ model: 'mine' }]);
  });

  it('prefers a running instance of the file', async () => {
    const file = modelFile('m.gguf');
    server.add('one', { model_path: file });
    server.add('two', { model_path: file, status: 'running' });
    await run([file, 'x']);
    expect(server.questions).toMatchObject([{ model: 'two' }]);
  });

  it.each([
    ['an unknown name', 'qwne', 'did you mean qwen?'],
    ['a missing file', '/nowhere/m.gguf', 'no such file: /nowhere/m.gguf'],
  ])('suggests an alternative for %s', async (_what, model, sentence) => {
    server.add('qwen');
    const { status, stderr } = await run([model, 'x']);
    expect(status).toBe(3);
    expect(stderr).toContain(sentence);
  });

  describe('of another machine', () => {
    const REF = 'Qwen/Qwen3-8B-GGUF:Q4_K_M';
    const FILE = '/cache/models--Qwen--Qwen3-8B-GGUF/snapshots/c/Qwen3-8B-Q4_K_M.gguf';
    const model = sampleModel({ id: 'id-1', name: 'Qwen3-8B-Q4_K_M', path: FILE, ref: REF, source: 'hugging_face' });

    beforeEach(() => {
      server.others.set('GET /api/models/quants', [quantList(REF, 5.03e9)]);
      server.others.set('GET /api/models/downloads', [{ downloads: [] }]);
      const done = sampleDownload({ id: '1f', model: REF, state: 'done', path: FILE });
      server.others.set('POST /api/models/downloads', [{ ...done, state: 'queued' }]);
      server.others.set('GET /api/models/downloads/1f', [{ ...done, state: 'running' }, done]);
      server.others.set('GET /api/models/starters', [{ memory: null, starters: STARTERS }]);
      // The library has the model when its download is done.
      const before = { models: [], scanning: false };
      server.others.set('GET /api/models', [before, before, before, { models: [model], scanning: false }]);
    });

    it.each([
      REF,
      'hf.co/Qwen/Qwen3-8B-GGUF:Q4_K_M',
      'https://huggingface.co/Qwen/Qwen3-8B-GGUF',
      'Qwen3 8B',
      'qwen3-8b',
    ])('is downloaded with --yes, and gets an instance: %s', async (word) => {
      const { status, stdout, stderr } = await run([word, 'x', '--yes']);
      expect([status, stdout]).toEqual([0, 'Hello.\n']);
      expect(stderr).toContain(`${REF}  5.0 GB\n  5.0 GB  model.gguf\nfrom the hub, into /cache\n`);
      expect([...server.instances.values()]).toMatchObject([{ name: 'Qwen3-8B-Q4_K_M', model: REF, aliases: [REF] }]);
    });

    it('is not downloaded without a terminal and without --yes', async () => {
      const { status, stderr } = await run([REF, 'x']);
      expect([status, stderr]).toEqual([
        2,
        [
          `llamactl: ${REF} is not on the server, and its download has 5.0 GB`,
          '  to download and run it: add --yes',
          `  or download it first: llamactl pull ${REF}\n`,
        ].join('\n'),
      ]);
      expect(server.asked).not.toContain('POST /api/models/downloads');
    });

    it('is downloaded after a yes on a terminal, and not after a no', async () => {
      expect(await run([REF, 'x'], { answers: ['n'] })).toMatchObject({ status: 1, stdout: '' });
      expect(server.asked).not.toContain('POST /api/models/downloads');
      expect(await run([REF, 'x'], { answers: ['y'] })).toMatchObject({ status: 0, stdout: 'Hello.\n' });
    });

    it('is not downloaded if the server has it, or its repository', async () => {
      server.others.set('GET /api/models', [{ models: [model], scanning: false }]);
      for (const word of [REF, 'qwen/qwen3-8b-gguf', 'Qwen3 8B'])
        expect(await run([word, 'x'])).toMatchObject({ status: 0 });
      expect(server.instances.size).toBe(1);
      const other = { ...model, id: 'id-2', ref: 'Qwen/Qwen3-8B-GGUF:Q8_0' };
      server.others.set('GET /api/models', [{ models: [model, other], scanning: false }]);
      const { status, stderr } = await run(['Qwen/Qwen3-8B-GGUF', 'x']);
      expect([status, stderr]).toEqual([2, expect.stringContaining('there are 2 models called Qwen/Qwen3-8B-GGUF')]);
      expect(server.asked).not.toContain('GET /api/models/quants');
    });

    it('of a registry keeps its names as aliases, and is found by them', async () => {
      const ref = 'ollama:qwen3:8b';
      const ofRegistry = { ...model, ref, source: 'folder' as const };
      server.others.set('GET /api/models', [{ models: [ofRegistry], scanning: false }]);
      expect(await run([ref, 'x'])).toMatchObject({ status: 0 });
      expect([...server.instances.values()]).toMatchObject([{ model: ref, aliases: ['qwen3:8b'] }]);
      expect(await run(['qwen3:8b', 'x'])).toMatchObject({ status: 0 });
      expect(server.instances.size).toBe(1);
    });

    it('of an address is found by it again, and its instance has no alias', async () => {
      const ref = 'https://example.com/Qwen3-8B-Q4_K_M.gguf';
      const long = `https://example.com/${'a'.repeat(600)}.gguf`;
      const ofAddress = { ...model, ref, source: 'folder' as const };
      const other = { ...ofAddress, id: 'id-2', name: 'a', ref: long, path: '/a.gguf' };
      server.others.set('GET /api/models', [{ models: [ofAddress, other], scanning: false }]);
      expect(await run([ref, 'x'])).toMatchObject({ status: 0 });
      expect(await run([long, 'x'])).toMatchObject({ status: 0 });
      expect([...server.instances.values()]).toMatchObject([{ model: ref, aliases: [] }, { model: 'id-2' }]);
      expect(server.asked).not.toContain('POST /api/models/downloads');
    });

    it('says that a download failed, and makes no instance', async () => {
      const error = { code: 'HUB_ERROR' as const, message: 'model.gguf: the hub answered with status 500' };
      const failed = sampleDownload({ id: '1f', model: REF, state: 'failed', error });
      server.others.set('GET /api/models/downloads/1f', [failed]);
      const { status, stderr } = await run([REF, 'x', '--yes']);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('status 500\n  to try again, without fetching twice: llamactl pull'),
      ]);
      expect(server.instances.size).toBe(0);
    });

    it('with a name of Ollama that is no model here, is named with its reference, and so are starters that fit', async () => {
      const { status, stderr } = await run(['mistral:7b', 'x', '--yes']);
      expect([status, stderr]).toEqual([
        3,
        [
          'llamactl: there is no instance and no model mistral:7b',
          "  to download it from Ollama's registry: llamactl pull ollama:mistral:7b",
          '  models to begin with, for llamactl run: qwen3-8b\n',
        ].join('\n'),
      ]);
      const untagged = (await run(['mistral', 'x'])).stderr;
      expect(untagged).toContain('to download a model: llamactl pull REFERENCE');
      expect(untagged).toContain('  if Ollama has a model of this name: llamactl run ollama:mistral\n');
    });

    it('is no cloud model of Ollama, which runs elsewhere', async () => {
      for (const word of ['gpt-oss:120b-cloud', 'kimi-k2:cloud']) {
        const { status, stderr } = await run([word, 'x']);
        expect([status, stderr]).toEqual([
          3,
          `llamactl: ${word} is a cloud model of Ollama, which runs on its machines, not here\n`,
        ]);
      }
    });
  });

  it('suggests a file in a given folder', async () => {
    const file = modelFile('m.gguf');
    const { status, stderr } = await run([path.dirname(file), 'x']);
    expect(status).toBe(2);
    expect(stderr).toContain(`llamactl run ${file}`);
  });
});
