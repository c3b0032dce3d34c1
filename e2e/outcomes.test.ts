import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { OutcomeStage } from './outcome-stage.ts';

/** What can befall a machine and the processes and files of a run, and what becomes of the instance. */

let stage: OutcomeStage;

beforeAll(async () => {
  stage = await OutcomeStage.open();
});
afterAll(() => stage.dispose());
afterEach(() => stage.clear());

/** A process that does not belong to llamactl. */
function innocent(): { pid: number; start: number; isAlive: () => boolean } {
  const other = stage.other('sleep', '600');
  const pid = other.pid ?? 0;
  return { pid, start: startOf(pid), isAlive: () => other.exitCode === null && other.signalCode === null };
}

/** Field 22 of `/proc/PID/stat`. */
function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

describe('the machine was rebooted', () => {
  it('what the user wanted comes up again, and who has its pid now is not touched', async () => {
    const pid = await stage.run();
    const other = innocent();
    await stage.away(async () => {
      await stage.endEngine(pid);
      stage.rewrite({ bootId: 'of before', pid: other.pid, group: other.pid, startTicks: other.start });
    });
    await stage.runsAnew(pid);
    expect((await stage.instance()).last_exit?.reason).toBe('the machine was rebooted');
    expect(other.isAlive()).toBe(true);
  });

  it('what was not to come up is stopped', async () => {
    const pid = await stage.run({ auto_start: false });
    const other = innocent();
    await stage.away(async () => {
      await stage.endEngine(pid);
      stage.rewrite({ bootId: 'of before', pid: other.pid, group: other.pid, startTicks: other.start });
    });
    expect(await stage.instance()).toMatchObject({ status: 'stopped', pid: null });
    expect(other.isAlive()).toBe(true);
  });
});

describe('the pid of an engine that ended while no server was there', () => {
  it('has become that of another process: that one is neither adopted nor ended', async () => {
    const pid = await stage.run();
    await stage.server.end('SIGKILL');
    await stage.endEngine(pid);
    // all that would tell of its end without a look at the process
    rmSync(path.join(stage.runFolder(), 'EXIT'));
    const other = innocent();
    stage.rewrite({ pid: other.pid, group: other.pid });
    await stage.server.start();
    expect(await stage.instance()).toMatchObject({
      restart_count: 1,
      last_exit: { code: null, signal: null },
    });
    await stage.runsAnew(pid);
    expect(other.isAlive()).toBe(true);
  });
});

describe('the program of an engine', () => {
  it('is replaced while it runs, or no server is there: the run goes on, the next one is of the new program', async () => {
    const file = stage.program('echo "the first program" >&2');
    const pid = await stage.run({ command: [file] });
    stage.program('echo "the second program" >&2', file);
    await stage.answers();
    await stage.away(() => void stage.program('echo "the third program" >&2', file));
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
    await stage.answers();
    expect((await stage.command('restart?wait=true')).status).toBe(200);
    await stage.runsAnew(pid);
    expect(await stage.messages()).toContain('the third program');
    expect(await stage.messages()).not.toContain('the second program');
  });

  it('is gone: the run goes on, a restart is refused and leaves it alone, a crash is reported with its cause', async () => {
    const file = stage.program(':');
    const pid = await stage.run({ command: [file] });
    await stage.away(() => rmSync(file));
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
    const { status, body } = await stage.command('restart');
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'ENGINE_NOT_FOUND', error: expect.stringContaining(file) as unknown });
    await stage.answers();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await stage.instance()).reason).toContain(file), 10_000);
  });
});

describe('the files of a run', () => {
  it('lose the log while it runs: it serves on, and the next run has one', async () => {
    const pid = await stage.run();
    rmSync(path.join(stage.runFolder(), 'log'));
    await stage.answers();
    await stage.messages();
    await stage.command('restart?wait=true');
    await stage.runsAnew(pid);
    expect((await stage.messages()).join('\n')).toContain('model loaded');
  });

  it('are all gone while it runs: its end is seen all the same, and with its status', async () => {
    const pid = await stage.run();
    rmSync(stage.runFolder(), { recursive: true });
    await stage.answers();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () =>
      expect((await stage.instance()).last_exit).toMatchObject({ code: 137, signal: 'SIGKILL' }),
    );
    await stage.runsAnew(pid);
  });

  it('are all gone when a server comes: the engine is adopted, its end is seen, its status is not known', async () => {
    const pid = await stage.run();
    const own = stage.runFolder();
    await stage.away(() => rmSync(own, { recursive: true }));
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
    await stage.answers();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await stage.instance()).last_exit).toMatchObject({ code: null }), {
      timeout: 10_000,
      interval: 20,
    });
    await stage.runsAnew(pid);
  });

  it('lose what the engine ended with while no server was there: it is a crash of unknown status', async () => {
    const pid = await stage.run();
    await stage.away(async () => {
      await stage.endEngine(pid);
      rmSync(path.join(stage.runFolder(), 'EXIT'));
    });
    expect(await stage.instance()).toMatchObject({
      restart_count: 1,
      last_exit: { code: null, signal: null, reason: expect.stringContaining('exit status is unknown') as unknown },
    });
    await stage.runsAnew(pid);
  });
});

describe('a process of a run', () => {
  it('the wrapper, is killed alone: the engine serves on, is adopted, and ends on request', async () => {
    const pid = await stage.run();
    process.kill(await stage.wrapper(), 'SIGKILL');
    await vi.waitFor(async () => expect(await stage.wrapper()).toBe(0));
    await stage.answers();
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
    await stage.away(() => undefined);
    expect(await stage.instance()).toMatchObject({ status: 'running', pid });
    await stage.answers();
    await stage.command('stop?wait=true');
    expect(await stage.server.processes()).toEqual([]);
  });

  it.each(['while a server is there', 'while none is'])(
    'the engine, is killed %s: what it began is ended before it runs again',
    async (when) => {
      const file = stage.program('sleep 600 & setsid sleep 600 &');
      const pid = await stage.run({ command: [file] });
      const began = (await stage.engines()).filter((each) => each !== pid);
      expect(began).toHaveLength(2);
      const kill = (): void => void process.kill(pid, 'SIGKILL');
      if (when === 'while none is') await stage.away(kill);
      else kill();
      await vi.waitFor(async () => expect((await stage.instance()).restart_count).toBe(1), 5_000);
      expect((await stage.engines()).filter((each) => began.includes(each))).toEqual([]);
      await stage.reaches('running');
      expect(await stage.engines()).toHaveLength(3);
    },
  );
});
