import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ParsedInstance } from '@llamactl/client';
import { ApiError } from '@llamactl/contract/errors';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FakeEngines } from '@llamactl/server/testing/fake-engines';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;
/** The texts that the server was asked to read. */
let texts: string[];
let parsed: ParsedInstance | ApiError;

beforeEach(async () => {
  texts = [];
  parsed = {
    settings: { name: 'chat', model_path: '/m/chat.gguf', options: { ctx_size: 4096 } },
    understood: [],
    dropped: [
      { text: '--host 0.0.0.0', why: 'is set by llamactl' },
      { text: '--port x', why: 'llamactl chooses a free port; give `port` for a fixed one' },
    ],
  };
  class Engines extends FakeEngines {
    override async parse(text: string) {
      texts.push(text);
      if (parsed instanceof ApiError) throw parsed;
      return { format: 'command' as const, instances: [parsed] };
    }
  }
  server = await EventServer.open({ engines: new Engines() });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

/** The bodies of the created instances. */
const created = (): unknown[] =>
  server.manager.calls.filter(({ method }) => method === 'create').map((call) => call.arguments[0]);

describe('create NAME -- with a whole command line', () => {
  it('creates the instance, and says what was understood and what was dropped', async () => {
    const words = ['create', 'mine', '--', 'llama-server', '-m', '/m/my chat.gguf', '-c', '4096'];
    expect(await sandbox.run(words)).toEqual({
      status: 0,
      stdout: 'mine  created, port 8100\n',
      stderr:
        'understood: model_path=/m/chat.gguf, ctx_size=4096\n' +
        'dropped --host 0.0.0.0: is set by llamactl\n' +
        'dropped --port x: llamactl chooses a free port; give --port for a fixed one\n',
    });
    expect(texts).toEqual(["llama-server -m '/m/my chat.gguf' -c 4096"]);
    expect(created()).toEqual([{ name: 'mine', model_path: '/m/chat.gguf', options: { ctx_size: 4096 } }]);
  });

  it('takes one in quotes, and the name that the server gives', async () => {
    const { stdout, stderr } = await sandbox.run(['create', '-q', '--', 'A=1 llama-server -m "x y.gguf"']);
    expect([stdout, stderr]).toEqual(['chat\n', '']);
    expect(texts).toEqual(['A=1 llama-server -m "x y.gguf"']);
  });

  it('lets flags override what it says', async () => {
    await sandbox.run(['create', 'mine', '-o', 'ctx_size=512', '-a', 'gpt', '--', 'llama-server']);
    expect(created()).toMatchObject([{ options: { ctx_size: 512 }, aliases: ['gpt'] }]);
  });

  it('resolves its model files against this folder', async () => {
    const file = path.join(sandbox.home, 'eyes.gguf');
    const relative = path.relative(process.cwd(), file);
    writeFileSync(file, '');
    const options = { mmproj: relative, hf_file: 'elsewhere.gguf' };
    parsed = { settings: { model_path: 'm/chat.gguf', options }, understood: [], dropped: [] };
    await sandbox.run(['create', 'mine', '--', 'llama-server']);
    expect(created()).toMatchObject([
      {
        model_path: path.resolve('m/chat.gguf'),
        options: { mmproj: file, hf_file: 'elsewhere.gguf' },
      },
    ]);
  });

  it('says why the server cannot read it, and creates nothing', async () => {
    const message = 'begins with "vllm", which is not a llama-server';
    parsed = new ApiError('VALIDATION_ERROR', `The text ${message}.`, { problems: [{ path: 'text', message }] });
    const { status, stderr } = await sandbox.run(['create', 'mine', '--', 'vllm', 'serve']);
    expect([status, stderr]).toEqual([2, `llamactl: the command after -- ${message}.\n`]);
    expect(created()).toEqual([]);
  });

  it.each([
    [['--', '-c', '512']],
    [['--engine', 'custom', '--', 'serve', 'fast']],
    [['--engine-command', 'tts', '--', 'serve']],
  ])('leaves arguments for the engine as they are: %j', async (words) => {
    await sandbox.run(['create', 'mine', ...words]);
    expect(texts).toEqual([]);
    expect(created()).toMatchObject([{ extra_args: words.slice(words.indexOf('--') + 1) }]);
  });

  it('is named for a command line without --', async () => {
    const { stderr } = await sandbox.run(['create', 'mine', '/opt/llama-server']);
    expect(stderr).toContain('a whole command line is given after --: llamactl create NAME -- llama-server …\n');
  });
});
