import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { Contexts } from '../server/contexts.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

const run = (...words: string[]): Promise<RunResult> => sandbox.run(['completion', ...words]);

describe('a completion script', () => {
  it.each(['bash', 'zsh', 'fish'])('is printed for %s, with every verb', async (shell) => {
    const { status, stdout, stderr } = await run(shell);
    expect([status, stderr]).toEqual([0, '']);
    for (const verb of ['quickstart', 'restart', 'keys', 'create', '--password-stdin']) expect(stdout).toContain(verb);
  });

  it('completes the program of an import, then the file that it reads', async () => {
    const { stdout } = await run('bash');
    expect(stdout).toContain(`'import/0') kind='choice ollama llama-swap go-llamactl' ;;`);
    expect(stdout).toContain(`'import/'*) kind='file' ;;`);
  });

  it('is refused for other shells', async () => {
    expect(await run('tcsh')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('completion words', () => {
  it('come from the server', async () => {
    await server.add('qwen');
    await server.add('llama', { aliases: ['gpt-4'] });
    expect((await run('words', 'instance')).stdout).toBe('qwen\nllama\n');
    expect((await run('words', 'model')).stdout).toBe('qwen\nllama\ngpt-4\n');
    expect((await run('words', 'engine')).stdout).toBe('llama_cpp\ncustom\n');
    expect((await run('words', 'engine-option')).status).toBe(0);
    expect((await run('words', 'setting')).status).toBe(0);
  });

  it('come from the contexts', async () => {
    new Contexts(`${sandbox.home}/.config/llamactl/contexts.json`).set('gpu', { url: 'http://gpu.example' });
    expect((await run('words', 'context')).stdout).toBe('gpu\n');
  });

  it('are empty without an error message if no server answers', async () => {
    await server.goAway();
    expect(await run('words', 'instance')).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
