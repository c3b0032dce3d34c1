import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { currentBootId } from './boot-id.ts';
import { findAlive } from './identity.ts';
import { readStat } from './process-stat.ts';

const PATIENTLY = { interval: 1, timeout: 10_000 };

/** Before it sleeps, a process may be in the middle of its exec, without an environment. */
const ASLEEP = { command: 'sleep', state: 'S' };

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
