import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  await server.add('llama', { port: 8100 });
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

describe('showing an instance', () => {
  it('prints a page', async () => {
    const { status, stdout } = await sandbox.run(['show', 'llama']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^llama {2}stopped {2}port 8100\nengine {7}llama_cpp\n[^]*\nllama-server\n$/);
  });

  it("prints the API's response with --json, and the status with --quiet", async () => {
    const { stdout } = await sandbox.run(['show', 'llama', '--json']);
    expect(JSON.parse(stdout)).toEqual(server.manager.get('llama'));
    expect((await sandbox.run(['inspect', 'llama', '-q'])).stdout).toBe('stopped\n');
  });

  it('says why it cannot be started, and only then', async () => {
    const message = 'the model file /models/llama.gguf does not exist';
    expect((await sandbox.run(['show', 'llama'])).stdout).not.toContain('cannot be started');
    server.manager.shapeHealth({
      llama: {
        ...(await server.manager.health('llama')),
        start_obstacle: { code: 'MODEL_NOT_FOUND', message, cause: 'model_missing' },
      },
    });
    const { stdout } = await sandbox.run(['show', 'llama']);
    expect(stdout.replaceAll(/\n +/g, ' ')).toContain(
      `attention    it cannot be started: ${message}; for help: llamactl why llama\n`,
    );
    server.manager.shape('llama', { status: 'failed', reason: message });
    expect((await sandbox.run(['show', 'llama'])).stdout).not.toContain('cannot be started');
    server.manager.shape('llama', { status: 'running', reason: null, restart_required: true });
    const running = (await sandbox.run(['show', 'llama'])).stdout.replaceAll(/\n +/g, ' ');
    expect(running).toContain(`once it stops, it cannot start again: ${message}; for help: llamactl why llama`);
    expect(running).not.toContain('llamactl restart llama');
  });

  it('prints parts of it, as ollama show does of a model', async () => {
    await server.add('coder', {
      model_path: '/models/qwen.gguf',
      options: { ctx_size: 512 },
      request_defaults: { stop: ['###'] },
      system_prompt: 'Be brief.',
    });
    const show = async (...flags: string[]): Promise<string> => (await sandbox.run(['show', 'coder', ...flags])).stdout;
    expect(await show('--modelfile')).toBe(
      '# The instance coder of llamactl. In Ollama: ollama create coder -f FILE\n' +
        'FROM /models/qwen.gguf\nPARAMETER num_ctx 512\nPARAMETER stop "###"\nSYSTEM Be brief.\n',
    );
    expect(await show('--parameters')).toBe('PARAMETER num_ctx 512\nPARAMETER stop "###"\n');
    expect(await show('--system')).toBe('Be brief.\n');
    expect(await show('--system', '--json')).toBe('"Be brief."\n');
  });

  it('prints the license and the settings that Ollama has for its model', async () => {
    const ollama = await new ChatServer().listen();
    const file = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
    const info = { id: 'id-1', name: 'pirate:latest', quantization: null, size: 1, context: null };
    ollama.add('bare', { model: 'pirate', model_path: file, model_info: info });
    const details = { system_prompt: 'Arr.', request_defaults: {}, other_parameters: {}, metadata: {} };
    ollama.others.set('GET /api/models/id-1', [{ ...details, license: 'MIT License\n' }]);
    const show = async (flag: string): Promise<string> =>
      (await sandbox.run(['show', 'bare', flag], { environment: { LLAMACTL_URL: ollama.url } })).stdout;
    expect(await show('--license')).toBe('MIT License\n');
    expect(await show('--modelfile')).toContain(`# pirate has more settings in Ollama: SYSTEM\nFROM ${file}\n`);
    ollama.add('bare', { model: 'derived', model_path: file, model_info: info });
    const ofDeleted = await show('--modelfile');
    expect(ofDeleted).toContain(`FROM ${file}\n`);
    expect(ofDeleted).not.toContain('more settings');
    await ollama.leave();
  });

  it.each([
    ['--system', 'llama has no system prompt'],
    ['--template', 'the model of llama has no chat template'],
    ['--license', 'the model of llama names no license'],
  ])('says that it has no such part: %s', async (flag, message) => {
    expect(await sandbox.run(['show', 'llama', flag])).toEqual({
      status: 3,
      stdout: '',
      stderr: `llamactl: ${message}\n`,
    });
  });

  it.each(['show', 'why', 'logs', 'health', 'stats', 'stop', 'start', 'wait --for stopped', 'update --pinned'])(
    'takes an alias for its instance, as other verbs do: %s',
    async (verb) => {
      await server.add('qwen', { aliases: ['qwen3:8b'] });
      const words = verb.split(' ');
      const byName = await sandbox.run([...words, 'qwen', '--no-color']);
      const byAlias = await sandbox.run([...words, 'qwen3:8b', '--no-color']);
      expect(byAlias.status, byAlias.stderr).toBe(0);
      expect(byAlias.stdout.includes('qwen3:8b')).toBe(verb === 'show');
      expect(byName.status).toBe(0);
    },
  );

  it('suggests the closest name for an unknown one', async () => {
    const { status, stderr } = await sandbox.run(['show', 'lama']);
    expect([status, stderr]).toEqual([3, 'llamactl: there is no instance lama; did you mean llama?\n']);
  });
});
