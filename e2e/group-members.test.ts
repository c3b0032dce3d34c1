import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { type CommandResult, runCommand } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** The members of groups on the command line: the real program, the real server and the real engine. */

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create('groups: { big: { max_running: 1 }, always: { pinned: true } }\n');
  await server.start();
  for (const [name, group] of [
    ['first', 'big'],
    ['second', 'big'],
    ['embed', 'always'],
  ] as const)
    await llamactl('create', name, '-m', await testModel(), '--group', group);
});

afterAll(() => server.dispose());

function llamactl(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { HOME: server.home, LLAMACTL_URL: server.url });
}

describe('a member of a group', () => {
  it('is shown as pinned if its group is', async () => {
    const { stdout } = await llamactl('ps', '--all');
    expect(stdout).toMatch(/^embed .* always +by group /m);
    expect(stdout).toMatch(/^first .* big +- /m);
    expect((await llamactl('show', 'embed')).stdout).toContain('pinned by its group; in the group always');
  });

  it('that was evicted says for which instance', async () => {
    for (const name of ['first', 'second']) expect((await llamactl('run', name, 'Hi', '--think=false')).status).toBe(0);
    const { stdout } = await llamactl('why', 'first');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('it was evicted: second needed its slot or memory.');
  });
});
