import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from './testing/command-run.ts';

let sandbox: CommandSandbox;
beforeEach(() => {
  sandbox = new CommandSandbox();
});
afterEach(() => sandbox.dispose());

describe('a command line', () => {
  it('takes the first verb, ignoring the values of options', async () => {
    const { status, stderr } = await sandbox.run(['--context', 'start', 'context', 'show']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('there is no context start')]);
  });

  it('allows other verbs as arguments', async () => {
    expect((await sandbox.run(['help', 'keys', 'create'])).stdout).toContain('Usage: llamactl keys');
    expect((await sandbox.run(['keys', 'create', '--help'])).stdout).toContain('Usage: llamactl keys create');
  });

  it('accepts an option for the version', async () => {
    const { stdout } = await sandbox.run(['version']);
    expect(stdout).toMatch(/^llamactl \d+\.\d+\.\d+ \(.*built \S+Z\)\n$/);
    for (const option of ['--version', '-V']) expect((await sandbox.run([option])).stdout).toBe(stdout);
  });

  it.each([['nonsense'], ['ps', '--nonsense'], ['show']])('reports usage errors as JSON too: %s', async (...words) => {
    const { status, stdout, stderr } = await sandbox.run([...words, '--json']);
    expect([status, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'USAGE',
      error: expect.not.stringMatching(/^error/) as unknown,
    });
    expect((await sandbox.run(words)).stderr).toMatch(/^llamactl: /);
  });

  it.each([
    [['show', 'nope'], 'INSTANCE_NOT_FOUND'],
    [['stop', 'nope'], 'INSTANCE_NOT_FOUND'],
    [['context', 'show', '--context', 'nope'], 'NOT_FOUND'],
    [['create'], 'USAGE'],
    [['ps', '--url', 'http://127.0.0.1:1'], 'UNREACHABLE'],
  ])('gives each of its own errors a code: %j', async (words, code) => {
    const server = await EventServer.open();
    const { stderr } = await sandbox.run([...words, '--json'], { environment: { LLAMACTL_URL: server.url } });
    await server.goAway();
    expect(JSON.parse(stderr)).toMatchObject({ code });
  });

  it('suggests the closest verb for an unknown one', async () => {
    const { status, stderr } = await sandbox.run(['strat']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Did you mean start?')]);
  });
});
