import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { sampleModel } from '../testing/sample-model.ts';
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

const run = (line: string): Promise<RunResult> => sandbox.run([...line.split(' '), '--no-color']);
const names = (): string[] => server.manager.list().map(({ name }) => name);

describe('NAME:latest', () => {
  it.each([
    'show',
    'why',
    'logs',
    'health',
    'stats',
    'stop',
    'start',
    'restart',
    'wait --for stopped',
    'update --pinned',
    'rm',
  ])('means the instance NAME: %s', async (verb) => {
    await server.add('coder');
    const { status, stdout, stderr } = await run(`${verb} Coder:latest`);
    expect(status, stderr).toBe(0);
    expect(stdout).not.toContain(':latest');
  });

  it('means it as one of several names too, and before its new name', async () => {
    for (const name of ['coder', 'chat', 'old']) await server.add(name);
    expect((await run('rm chat coder:latest')).status).toBe(0);
    expect((await run('rename old:latest new')).status).toBe(0);
    expect(names()).toEqual(['new']);
  });

  it('deletes the instance that has it as its alias too, but none with another name', async () => {
    await server.add('chatty', { aliases: ['chatty:latest', 'helper', 'other:latest'] });
    await server.add('other');
    for (const alias of ['helper:latest', 'other:latest'])
      expect((await run(`rm ${alias}`)).stderr).toContain('is an alias; give the name of its instance: chatty');
    expect((await run('rm chatty:latest')).status).toBe(0);
    expect(names()).toEqual(['other']);
  });

  it('is the name of a model first, as for run', async () => {
    const library = await new ChatServer().listen();
    library.models = [
      sampleModel({ name: 'coder:latest', path: '/blobs/coder', ref: 'ollama:coder:latest', source: 'ollama' }),
    ];
    library.add('coder', { model_path: '/m/other.gguf' });
    const remove = (): Promise<RunResult> =>
      sandbox.run(['rm', 'coder:latest'], { environment: { LLAMACTL_URL: library.url } });
    expect((await remove()).stderr).toContain('there is no instance coder:latest, but a model');
    library.add('coder', { model: 'coder:latest' });
    expect((await remove()).stdout).toBe('coder  deleted\n');
    await library.leave();
  });

  it('stays unknown without such an instance', async () => {
    expect(await run('show nothing:latest')).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no instance nothing:latest; to list instances: llamactl ps\n',
    });
  });
});
