import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';

let server: ChatServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.add('qwen', { status: 'failed', reason: 'failed to read \u001B[2Jheader', model_path: '/m/qwen.gguf' });
  server.add('phi');
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.leave();
  sandbox.dispose();
});

function why(words: string[], options: RunOptions = {}): Promise<RunResult> {
  return sandbox.run(['why', ...words], { ...options, environment: { LLAMACTL_URL: server.url } });
}

describe('llamactl why', () => {
  it('prints the sentence, evidence and remedies, even if other requests are refused', async () => {
    const { status, stdout } = await why(['qwen']);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^qwen failed: failed to read header\.\n {2}port {2}8100\n {2}→ .*\n {2}→ then llamactl start qwen/,
    );
  });

  it('prints only the sentence with -q, one per instance', async () => {
    const { stdout } = await why(['-q', 'qwen', 'phi']);
    expect(stdout).toBe('qwen failed: failed to read header.\nphi is stopped: it was never started.\n');
  });

  it('reports an obstacle to a start, also before the first start', async () => {
    server.add('new', { model_path: '/nowhere/new.gguf' });
    server.obstacles.set('new', 'the model file /nowhere/new.gguf does not exist');
    const { stdout } = await why(['new']);
    expect(stdout).toContain(
      'new is stopped, was never started, and cannot be started: the model file /nowhere/new.gguf does not exist.\n',
    );
    expect(stdout).toContain('→ if it is elsewhere: llamactl update new --model FILE');
  });

  it('names the command for a model that has another file now, as after a pull of Ollama', async () => {
    server.add('qwen3', { model: 'qwen3:0.6b', model_path: '/blobs/sha256-0a' });
    server.obstacles.set('qwen3', 'the model file /blobs/sha256-0a does not exist');
    const { stdout } = await why(['qwen3']);
    expect(stdout).toContain('→ to use the file that qwen3:0.6b has now: llamactl update qwen3 --model qwen3:0.6b');
  });

  it('prints everything with --json', async () => {
    const { stdout } = await why(['phi', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'phi',
      status: 'stopped',
      evidence: [{ what: 'port', text: '8100' }],
      remedies: ['llamactl start phi'],
    });
  });

  it('fits a narrow terminal', async () => {
    const { stdout } = await why(['qwen', '--no-color'], { columns: 40 });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('suggests the closest name', async () => {
    expect(await why(['qwne'])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('did you mean qwen?') as unknown,
    });
  });
});
