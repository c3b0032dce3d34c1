import { ApiError } from '@llamactl/contract/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Instance, PastEvent, Status } from '@llamactl/client';
import { EventServer } from '@llamactl/server/testing/event-server';
import { NO_HISTORY } from '@llamactl/server/testing/fake-services';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';

type Change = Extract<PastEvent, { type: 'instance_status_changed' }>;

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.goAway();
  sandbox.dispose();
});

/** Makes a command of the API bring the instance to `entered`, and soon after to `rest`. */
function leads(verb: 'start' | 'stop' | 'restart', entered: Status, rest: Status, more: Partial<Instance> = {}): void {
  const act = async (name: string): Promise<Status> => {
    // The real server reports an unknown instance here, too.
    server.manager.get(name);
    server.changeStatus(name, entered);
    setImmediate(() => server.changeStatus(name, rest, more));
    return entered;
  };
  vi.spyOn(server.manager, verb).mockImplementation(act);
}

const EXIT_OF_BROKEN: Instance['last_exit'] = {
  code: 1,
  signal: null,
  at: '2026-03-01T12:00:00Z',
  reason: 'no such file',
  cause: 'model_missing',
  lines: ['I loading', 'E no such file'],
};

describe('starting', () => {
  it('does not wait without a terminal', async () => {
    await server.add('llama');
    expect(await sandbox.run(['start', 'llama'])).toEqual({ status: 0, stdout: 'llama  starting\n', stderr: '' });
    expect(server.manager.calls.at(-1)).toMatchObject({ method: 'start', arguments: ['llama', {}] });
  });

  it('takes several aliases, each instance once', async () => {
    await server.add('a', { aliases: ['one', 'eins'] });
    await server.add('b', { aliases: ['two'] });
    const { status, stdout } = await sandbox.run(['start', 'one', 'two', 'eins']);
    expect([status, stdout.split('\n').toSorted()]).toEqual([0, ['', 'a  starting', 'b  starting']]);
  });

  it('waits with --wait, and prints the port', async () => {
    await server.add('llama', { port: 8123 });
    leads('start', 'starting', 'running');
    const { status, stdout } = await sandbox.run(['start', 'llama', '--wait'], { now: 0 });
    expect([status, stdout]).toEqual([0, 'llama  running, port 8123 (0.0 s)\n']);
  });

  it('names the instances that were stopped to make room', async () => {
    await server.goAway();
    const change = (seq: number, data: Omit<Change['data'], 'previous_status'>, previous: Status): PastEvent => ({
      type: 'instance_status_changed',
      seq,
      timestamp: '2026-03-01T12:00:00Z',
      data: { ...data, previous_status: previous },
    });
    const trigger = { kind: 'eviction' as const, needed_by: 'llama' };
    const events = [
      change(4, { name: 'llama', status: 'running' }, 'starting'),
      change(3, { name: 'qwen', status: 'stopping', cause: 'eviction', trigger }, 'running'),
      change(2, { name: 'llama', status: 'starting' }, 'stopped'),
    ];
    const history = { ...NO_HISTORY, events: async () => ({ events, more: false, oldest_seq: 1 }) };
    server = await EventServer.open({ history });
    sandbox.environment['LLAMACTL_URL'] = server.url;
    await server.add('llama', { port: 8123 });
    leads('start', 'starting', 'running');
    const first = await sandbox.run(['start', 'llama', '--wait'], { now: 0 });
    expect(first).toEqual({
      status: 0,
      stdout: 'llama  running, port 8123 (0.0 s)\n',
      stderr: 'stopped to make room: qwen\n',
    });
    server.changeStatus('llama', 'stopped');
    expect(await sandbox.run(['start', 'llama', '--wait', '-q'])).toMatchObject({ stdout: 'llama\n', stderr: '' });
  });

  it('waits on a terminal, and shows progress', async () => {
    await server.add('llama', { port: 8123 });
    let isToldOf = false;
    const onOutput = (output: string): void => {
      if (isToldOf || !output.includes('starting')) return;
      isToldOf = true;
      server.changeStatus('llama', 'running');
    };
    const { status, stdout } = await sandbox.run(['start', 'llama'], { columns: 80, now: 0, onOutput });
    expect(status).toBe(0);
    expect(screenAfter(stdout).filter((line) => line !== '')).toEqual(['llama  running, port 8123 (0.0 s)']);
  });

  it('prints all names on a terminal too low to redraw', async () => {
    const names = Array.from({ length: 30 }, (_unused, index) => `i-${index + 10}`);
    for (const name of names) await server.add(name, { status: 'running', port: 8100 });
    const { stdout } = await sandbox.run(['start', ...names], { columns: 80, now: 0 });
    // In the order in which they are done.
    expect(new Set(screenAfter(stdout).map((line) => line.split(' ')[0]))).toEqual(new Set(names));
  });

  it('explains why an engine did not start, with its last output', async () => {
    await server.add('broken');
    leads('start', 'starting', 'failed', { reason: 'no such file', last_exit: EXIT_OF_BROKEN });
    expect(await sandbox.run(['start', 'broken', '--wait'], { now: 0 })).toEqual({
      status: 6,
      stdout: 'broken  failed (0.0 s)\n',
      stderr: [
        'llamactl: broken did not start: no such file',
        '    I loading',
        '    E no such file',
        '  for its complete output: llamactl logs broken',
        '',
      ].join('\n'),
    });
  });

  it('removes control characters of engines', async () => {
    await server.add('broken');
    const reason = 'bad \u{1B}[2Jmagic';
    const last = { ...EXIT_OF_BROKEN, code: 1, lines: ['\u{1B}]0;title\u{7}E x'] } as Instance['last_exit'];
    leads('start', 'starting', 'failed', { reason, last_exit: last });
    const { stderr } = await sandbox.run(['start', 'broken', '--wait']);
    expect(stderr).toContain('did not start: bad magic\n    E x\n');
  });

  it('fails if the final lookup fails', async () => {
    await server.add('llama');
    vi.spyOn(server.manager, 'get').mockImplementation(() => {
      throw new Error('broken');
    });
    vi.spyOn(server.manager, 'start').mockImplementation(async () => {
      server.manager.shape('llama', { status: 'running' });
      return 'starting';
    });
    const { status, stderr } = await sandbox.run(['start', 'llama', '--wait']);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^llamactl: Something went wrong inside/)]);
  });

  it('counts a running instance as started', async () => {
    await server.add('llama', { port: 8100 });
    leads('start', 'running', 'running');
    const { stdout } = await sandbox.run(['start', 'llama', '--wait']);
    expect(stdout).toBe('llama  already running, port 8100\n');
  });

  it.each<[Status, string]>([['stopped', 'it was stopped before it was running']])(
    'fails when it ends up %s',
    async (rest, error) => {
      await server.add('llama');
      leads('start', 'starting', rest);
      const { status, stderr } = await sandbox.run(['start', 'llama', '--wait']);
      expect([status, stderr]).toEqual([6, `llamactl: llama: ${error}\n`]);
    },
  );

  it('stops waiting after --timeout, without stopping the start', async () => {
    await server.add('llama');
    const { status, stdout, stderr } = await sandbox.run(['start', 'llama', '--timeout', '0']);
    expect([status, stdout]).toEqual([6, 'llama  not running yet\n']);
    expect(stderr).toBe('llamactl: llama: it is not running after 0 s; the operation continues on the server\n');
  });

  it('reports that the operation continues after Ctrl-C', async () => {
    await server.add('llama');
    const interruption = new AbortController();
    const onOutput = (output: string): void => {
      if (output.includes('starting')) interruption.abort();
    };
    const { status, stderr } = await sandbox.run(['start', 'llama'], {
      columns: 80,
      onOutput,
      signal: interruption.signal,
    });
    expect([status, stderr]).toEqual([130, 'llamactl: interrupted; the operation continues on the server\n']);
  });

  it('continues to wait across a restart of the server', async () => {
    await server.add('llama', { port: 8100 });
    let isAway = false;
    const onOutput = (output: string): void => {
      if (isAway || !output.includes('starting')) return;
      isAway = true;
      void server.goAway().then(async () => {
        server.manager.shape('llama', { status: 'running' });
        await server.comeBack();
      });
    };
    const { status, stdout } = await sandbox.run(['start', 'llama'], { columns: 80, now: 0, onOutput });
    expect(status).toBe(0);
    expect(screenAfter(stdout)[0]).toBe('llama  running, port 8100 (0.0 s)');
  });

  it('suggests the closest name for an unknown one', async () => {
    await server.add('llama');
    expect(await sandbox.run(['start', 'lama'])).toEqual({
      status: 3,
      stdout: '',
      stderr: 'llamactl: there is no instance lama; did you mean llama?\n',
    });
  });

  describe('of several', () => {
    it('sends one request, and goes on after a failure', async () => {
      await server.add('a', { port: 8101 });
      await server.add('bb', { port: 8102 });
      const startAll = vi.spyOn(server.manager, 'startAll').mockImplementation(async (names = []) => {
        setImmediate(() => server.changeStatus('a', 'running'));
        server.changeStatus('a', 'starting');
        return names.map((name) => {
          if (name === 'nope') return { name, status: null, error: 'There is no instance nope.' };
          return name === 'a'
            ? { name, status: 'starting' }
            : { name, status: 'stopped', error: 'the model is missing' };
        });
      });
      const { status, stdout, stderr } = await sandbox.run(['start', 'a', 'nope', 'bb', 'A', '--wait'], { now: 0 });
      expect(status).toBe(1);
      expect(stdout).toBe('a     running, port 8101 (0.0 s)\n');
      expect(stderr).toBe(
        'llamactl: there is no instance nope; to list instances: llamactl ps\nllamactl: bb: the model is missing\n',
      );
      expect(startAll).toHaveBeenCalledExactlyOnceWith(['a', 'nope', 'bb'], 'anonymous');
    });

    it('prints JSON with --json, including failures', async () => {
      await server.add('a');
      await server.add('b', { status: 'running' });
      vi.spyOn(server.manager, 'startAll').mockImplementation(async () => [
        { name: 'a', status: 'starting' },
        { name: 'c', status: null, error: 'no' },
      ]);
      const { status, stdout, stderr } = await sandbox.run(['start', 'a', 'c', '--json']);
      expect([status, stderr]).toEqual([3, '']);
      expect(JSON.parse(stdout)).toEqual([
        { name: 'a', status: 'starting' },
        { name: 'c', status: null, error: 'there is no instance c; did you mean b?', code: 'INSTANCE_NOT_FOUND' },
      ]);
    });
  });

  it('with --all takes stopped and failed instances', async () => {
    await server.add('a');
    await server.add('b', { status: 'running' });
    await server.add('c', { status: 'failed' });
    const { stdout } = await sandbox.run(['start', '--all']);
    expect(stdout).toBe('a  starting\nc  starting\n');
  });

  it.each(['0.5', '90s', '1m'])('takes a timeout of %s', async (timeout) => {
    await server.add('a');
    expect(await sandbox.run(['start', 'a', '--timeout', timeout, '--no-wait'])).toMatchObject({ status: 0 });
  });

  it('explains a timeout that is no time', async () => {
    const { status, stderr } = await sandbox.run(['start', 'a', '--timeout', 'soon']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Give a number of seconds, or a time such as 5m')]);
  });

  it('with --all names the only instance, if its start is refused', async () => {
    await server.add('a');
    vi.spyOn(server.manager, 'start').mockRejectedValue(new ApiError('MODEL_NOT_FOUND', 'the model file is a folder'));
    const refused = await sandbox.run(['start', '--all']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      'llamactl: a: the model file is a folder\n  for help: llamactl why a\n',
    ]);
  });

  it('names the way to the remedies if a model file is missing', async () => {
    await server.add('a');
    await server.add('b');
    const missing = 'the model file /m.gguf does not exist';
    const refusal = new ApiError('MODEL_NOT_FOUND', missing);
    for (const verb of ['start', 'restart'] as const) {
      const refused = vi.spyOn(server.manager, verb).mockRejectedValue(refusal);
      expect((await sandbox.run([verb, 'a'])).stderr).toBe(`llamactl: ${missing}\n  for help: llamactl why a\n`);
      expect(JSON.parse((await sandbox.run([verb, 'a', '--json'])).stderr)).toMatchObject({ error: missing });
      refused.mockRestore();
    }
    vi.spyOn(server.manager, 'startAll').mockResolvedValue([
      { name: 'a', status: 'stopped', error: missing },
      { name: 'b', status: 'stopped', error: 'no slot is free' },
    ]);
    expect((await sandbox.run(['start', 'a', 'b'])).stderr).toBe(
      `llamactl: a: ${missing}\n  for help: llamactl why a\nllamactl: b: no slot is free\n`,
    );
  });

  it('with --all does nothing if all run', async () => {
    await server.add('b', { status: 'running' });
    expect(await sandbox.run(['start', '--all'])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'nothing to start: no instance is stopped or failed\n',
    });
    expect((await sandbox.run(['start', '--all', '--json'])).stdout).toBe('[]\n');
  });

  it('suggests no instance that the command names already', async () => {
    await server.add('a');
    await server.add('bee');
    leads('start', 'starting', 'running');
    expect((await sandbox.run(['start', 'a', 'b'])).stderr).toBe(
      'llamactl: there is no instance b; to list instances: llamactl ps\n',
    );
    expect((await sandbox.run(['start', 'a', 'be'])).stderr).toContain('did you mean bee?');
  });

  it.each([
    [['start'], 'NAMES is missing: name an instance, or add --all'],
    [['start', 'a', '--all'], 'give either names or --all, not both'],
    [['stop'], 'NAMES is missing: name an instance, or add --all'],
    [['restart', 'a', '--all'], 'give either names or --all, not both'],
  ])('refuses %j, which names no clear selection', async (words, sentence) => {
    expect(await sandbox.run(words)).toEqual({ status: 2, stdout: '', stderr: `llamactl: ${sentence}\n` });
  });

  it('with --quiet prints the names that started', async () => {
    await server.add('a');
    leads('start', 'starting', 'running');
    expect((await sandbox.run(['start', 'a', '--wait', '-q'])).stdout).toBe('a\n');
    leads('start', 'starting', 'failed');
    expect((await sandbox.run(['start', 'a', '--wait', '-q'])).stdout).toBe('');
  });
});

describe('stopping', () => {
  it('passes its options on', async () => {
    await server.add('a');
    const { stdout } = await sandbox.run(['stop', 'a', '--force', '--timeout', '1.5']);
    expect(stdout).toBe('a  stopping\n');
    expect(server.manager.calls.at(-1)).toMatchObject({
      method: 'stop',
      arguments: ['a', { force: true, timeout: 1.5 }],
    });
  });

  it('waits for the end', async () => {
    await server.add('a', { status: 'running' });
    leads('stop', 'stopping', 'stopped');
    const { status, stdout } = await sandbox.run(['stop', 'a', '--wait'], { now: 0 });
    expect([status, stdout]).toEqual([0, 'a  stopped (0.0 s)\n']);
  });

  it('fails when the instance is started again', async () => {
    await server.add('a', { status: 'running' });
    leads('stop', 'stopping', 'running');
    const { status, stderr } = await sandbox.run(['stop', 'a', '--wait']);
    expect([status, stderr]).toEqual([1, 'llamactl: a: it was started again\n']);
  });

  it('with --all takes running, starting and restarting instances', async () => {
    for (const status of ['running', 'starting', 'restarting', 'stopping', 'failed'] as const) {
      await server.add(status, { status });
    }
    const { stdout } = await sandbox.run(['stop', '--all', '-q']);
    expect(stdout).toBe('running\nstarting\nrestarting\n');
  });

  it('goes on after an unknown name', async () => {
    await server.add('a');
    const { status, stdout, stderr } = await sandbox.run(['stop', 'nope', 'a']);
    expect([status, stdout]).toEqual([3, 'a     stopping\n']);
    expect(stderr).toBe('llamactl: there is no instance nope; to list instances: llamactl ps\n');
  });
});

describe('restarting', () => {
  it('waits until it runs again', async () => {
    await server.add('a', { status: 'running', port: 8100 });
    leads('restart', 'restarting', 'running');
    const { status, stdout } = await sandbox.run(['restart', 'a', '--wait'], { now: 0 });
    expect([status, stdout]).toEqual([0, 'a  running, port 8100 (0.0 s)\n']);
  });

  it('with --all takes running, starting and restarting instances', async () => {
    for (const status of ['running', 'stopping', 'failed', 'restarting'] as const) await server.add(status, { status });
    const { stdout } = await sandbox.run(['restart', '--all', '-q']);
    expect(stdout).toBe('running\nrestarting\n');
  });
});
