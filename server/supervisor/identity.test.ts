import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { currentBootId, findAlive, isDead, namespaceName, parseStat, readStat, readTag } from './identity.ts';

const PATIENTLY = { interval: 1, timeout: 10_000 };

/** Fields 3 to 52 of a stat line. */
/** Before it sleeps, a process may be in the middle of its exec, without an environment. */
const ASLEEP = { command: 'sleep', state: 'S' };

function line(pid: number, command: string, fields: Partial<Record<number, string | number>> = {}): string {
  const rest = Array.from({ length: 50 }, (_, index) => fields[index + 3] ?? (index === 0 ? 'S' : 0));
  return `${pid} (${command}) ${rest.join(' ')}\n`;
}

describe('a line of /proc/PID/stat', () => {
  test('is parsed by the field numbers of the manual', () => {
    const text = line(42, 'llama-server', {
      3: 'R',
      4: 1,
      5: 40,
      6: 41,
      9: 4_194_308,
      14: 7,
      15: 8,
      20: 9,
      22: 123_456,
      24: 99,
    });
    expect(parseStat(text)).toEqual({
      pid: 42,
      command: 'llama-server',
      state: 'R',
      parent: 1,
      group: 40,
      session: 41,
      isKernelThread: false,
      isLeaving: true,
      cpuTicks: 15,
      threads: 9,
      startTicks: 123_456,
      residentPages: 99,
    });
  });

  test('may contain any name: spaces, parentheses, text that looks like fields', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), fc.nat(), fc.nat(), (command, pid, startTicks) => {
        expect(parseStat(line(pid, command, { 22: startTicks }))).toMatchObject({ pid, command, startTicks });
      }),
    );
    expect(parseStat(line(1, 'a) R 1 (b', { 22: 5 }))).toMatchObject({
      command: 'a) R 1 (b',
      state: 'S',
      startTicks: 5,
    });
  });

  test('is null for any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+ \(.*\) . /s.test(text));
        expect(parseStat(text)).toBeNull();
      }),
    );
    expect(parseStat('1 (short) S 1 2 3')).toBeNull();
  });

  test('of this process is parsed', () => {
    expect(readStat(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(readStat(process.pid)?.state).toMatch(/^[RS]$/);
    expect(readStat(process.pid)?.startTicks).toBeGreaterThan(0);
    expect(readStat(2 ** 30)).toBeNull();
  });
});

describe('a dead process', () => {
  const inState = (state: string, threads: number): boolean => {
    const stat = parseStat(line(1, 'x', { 3: state, 20: threads }));
    return stat !== null && isDead(stat);
  };

  test('is a zombie without other threads, reaped or not', () => {
    expect(inState('Z', 1)).toBe(true);
    expect(inState('Z', 0)).toBe(true);
    expect(inState('X', 0)).toBe(true);
  });

  test('is not a zombie with other threads, nor a process that sleeps, hangs or is stopped', () => {
    expect(inState('Z', 2)).toBe(false);
    for (const state of ['R', 'S', 'D', 'T', 't', 'I']) expect(inState(state, 1)).toBe(false);
  });
});

test('a process is leaving until it is a zombie', () => {
  expect(parseStat(line(1, 'x', { 9: 4 }))?.isLeaving).toBe(true);
  expect(parseStat(line(1, 'x', { 3: 'Z', 9: 4 }))?.isLeaving).toBe(false);
  expect(parseStat(line(1, 'x'))?.isLeaving).toBe(false);
});

describe('the tag of a process', () => {
  const tagOf = async (env: Record<string, string>): Promise<ReturnType<typeof readTag>> => {
    const child = spawn('/bin/sleep', ['1000'], { env, stdio: 'ignore' });
    try {
      await vi.waitFor(() => expect(readStat(child.pid ?? 0)).toMatchObject(ASLEEP), { interval: 1 });
      return readTag(child.pid ?? 0);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };

  test('is the whole value of the variable', async () => {
    expect(await tagOf({ A: 'b', LLAMACTL_RUN: 'd.i.n', Z: 'z' })).toEqual({ tag: 'd.i.n' });
    expect(await tagOf({ LLAMACTL_RUN: '' })).toEqual({ tag: '' });
  });

  test('is not found in longer names or in values', async () => {
    expect(await tagOf({ MY_LLAMACTL_RUN: 'x', A: 'LLAMACTL_RUN=y' })).toBe('untagged');
    expect(await tagOf({ MY_LLAMACTL_RUN: 'x', LLAMACTL_RUN: 'd.i.n' })).toEqual({ tag: 'd.i.n' });
  });

  test('is found after many other variables', async () => {
    expect(await tagOf({ BIG: 'x'.repeat(100_000), LLAMACTL_RUN: 'd.i.n' })).toEqual({ tag: 'd.i.n' });
  });

  test('is gone for a pid without a process', () => {
    expect(readTag(2 ** 30)).toBe('gone');
  });

  test('is unclear for a process without environment, which may be in the middle of an exec', async () => {
    expect(await tagOf({})).toBe('unclear');
  });
});

describe('an identity is alive', () => {
  const bootId = currentBootId();
  const own = { pid: process.pid, startTicks: readStat(process.pid)?.startTicks ?? 0, bootId, group: process.pid };

  test('when pid, start and boot match, even if the environment shows no tag', () => {
    expect(findAlive(own, 'd.i.n', bootId)?.pid).toBe(process.pid);
  });

  test('not with another start, pid or boot', () => {
    expect(findAlive({ ...own, startTicks: own.startTicks - 1 }, 'd.i.n', bootId)).toBeNull();
    expect(findAlive({ ...own, pid: 2 ** 30 }, 'd.i.n', bootId)).toBeNull();
    expect(findAlive({ ...own, bootId: 'another' }, 'd.i.n', bootId)).toBeNull();
  });

  test('not with the tag of another run', async () => {
    const child = spawn('/bin/sleep', ['1000'], { env: { LLAMACTL_RUN: 'd.i.other' }, stdio: 'ignore' });
    await vi.waitFor(() => expect(readStat(child.pid ?? 0)).toMatchObject(ASLEEP), { interval: 1 });
    const stat = readStat(child.pid ?? 0);
    const identity = { pid: child.pid ?? 0, startTicks: stat?.startTicks ?? 0, bootId, group: 0 };
    expect(findAlive(identity, 'd.i.n', bootId)).toBeNull();
    expect(findAlive(identity, 'd.i.other', bootId)).not.toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('not as a zombie, which still answers signal 0', async () => {
    // the shell becomes a sleep, which does not reap its child
    const parent = spawn('/bin/sh', ['-c', '/bin/sleep 1000 & echo $!; exec /bin/sleep 1000'], { env: {} });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const identity = { pid, startTicks: readStat(pid)?.startTicks ?? 0, bootId, group: 0 };
    expect(findAlive(identity, 'd.i.n', bootId)).not.toBeNull();
    // until then it is a shell, which would reap its child
    await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'), PATIENTLY);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(readStat(pid)?.state).toBe('Z'), PATIENTLY);
    expect(process.kill(pid, 0)).toBe(true);
    expect(findAlive(identity, 'd.i.n', bootId)).toBeNull();
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });
});

test('boots are distinguished, in a container also by its first process, since the next container may get its number', () => {
  expect(currentBootId()).toBe(currentBootId());
  expect(namespaceName('pid:[4026532345]', 100)).not.toBe(namespaceName('pid:[4026532345]', 200));
  expect(namespaceName('pid:[4026532345]', 100)).not.toBe(namespaceName('pid:[4026532346]', 100));
  // the machine's own namespace always has one number, and the boot id beside it
  expect(namespaceName('pid:[4026531836]', 100)).toBe(namespaceName('pid:[4026531836]', 200));
});
