import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from './testing/command-run.ts';

let sandbox: CommandSandbox;
beforeEach(() => {
  sandbox = new CommandSandbox();
});
afterEach(() => sandbox.dispose());

describe('the verb of a command line', () => {
  it('is the first word that is one, whatever stands in the values of options', async () => {
    const { status, stderr } = await sandbox.run(['--context', 'start', 'context', 'show']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('there is no context start')]);
  });

  it('may have other verbs behind it', async () => {
    expect((await sandbox.run(['help', 'keys', 'create'])).stdout).toContain('Usage: llamactl keys');
    expect((await sandbox.run(['keys', 'create', '--help'])).stdout).toContain('Usage: llamactl keys create');
  });

  it('may be an option, for the version', async () => {
    const { stdout } = await sandbox.run(['version']);
    expect(stdout).toMatch(/^llamactl \d+\.\d+\.\d+ \(.*built \S+Z\)\n$/);
    for (const option of ['--version', '-V']) expect((await sandbox.run([option])).stdout).toBe(stdout);
  });

  it.each([['nonsense'], ['ps', '--nonsense'], ['show']])(
    'that cannot be understood is told as JSON too: %s',
    async (...words) => {
      const { status, stdout, stderr } = await sandbox.run([...words, '--json']);
      expect([status, stdout]).toEqual([2, '']);
      expect(JSON.parse(stderr)).toMatchObject({
        code: 'USAGE',
        error: expect.not.stringMatching(/^error/) as unknown,
      });
      expect((await sandbox.run(words)).stderr).toMatch(/^llamactl: /);
    },
  );

  it('that is none is answered with what was meant', async () => {
    const { status, stderr } = await sandbox.run(['strat']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Did you mean start?')]);
  });
});
