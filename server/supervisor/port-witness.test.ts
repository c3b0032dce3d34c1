import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunProcesses } from './port-owner.ts';
import { ListenerWitness, witnessOf } from './port-witness.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const LISTEN = `require('node:net').createServer().listen(+process.argv[1], '127.0.0.1', function () {
  process.stdout.write(String(this.address().port));
})`;

/** A process that listens. @param port 0: the system chooses */
async function listener(port = 0): Promise<{ child: ChildProcess; pid: number; port: number }> {
  const child = spawn(process.execPath, ['-e', LISTEN, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  if (child.pid === undefined) throw new Error('no pid');
  return { child, pid: child.pid, port: Number(said.toString()) };
}

/** A run of one process. */
const run = (engine: number): RunProcesses => ({ engine, members: () => [], search: () => [engine] });

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the witness of a port', () => {
  it('names the same socket while its run listens', async () => {
    const { pid, port } = await listener();
    const witness = new ListenerWitness(port, run(pid));
    const socket = witness.listener();
    expect(socket).toMatch(/^socket:\[\d+\]$/);
    expect(witness.listener()).toBe(socket);
  });

  it('distinguishes another process on the port from the run', async () => {
    const { child, pid, port } = await listener();
    const witness = new ListenerWitness(port, run(pid));
    expect(witness.listener()).not.toBeNull();
    await killed(child);
    await listener(port);
    expect(witness.listener()).toBeNull();
  });

  it('works in another server until its run stops listening', async () => {
    const { child, pid, port } = await listener();
    const witness = new ListenerWitness(port, run(pid));
    const held = witness.held();
    if (held === null || held === 'unknown') throw new Error('nothing to lend');
    const lent = witnessOf(held);
    expect([lent.listener(), lent.held()]).toEqual([witness.listener(), held]);
    await killed(child);
    await listener(port);
    expect([lent.listener(), lent.held()]).toEqual([null, null]);
    expect(witnessOf(null).listener()).toBeNull();
  });

  it('is not misled by a process that never listened', async () => {
    const { port } = await listener();
    expect(new ListenerWitness(port, run(process.pid)).listener()).toBeNull();
  });

  it('finds the socket in any process of the run, also when that process is replaced', async () => {
    const first = await listener();
    const members = [first.pid];
    const witness = new ListenerWitness(first.port, { ...run(process.pid), members: () => members });
    const socket = witness.listener();
    expect(socket).not.toBeNull();
    await killed(first.child);
    expect(witness.listener()).toBeNull();
    members.push((await listener(first.port)).pid);
    expect(witness.listener()).toMatch(/^socket/);
    expect(witness.listener()).not.toBe(socket);
  });

  it('searches all processes of the run if no known one listens', async () => {
    const { pid, port } = await listener();
    const witness = new ListenerWitness(port, { ...run(process.pid), search: () => [pid] });
    expect(witness.listener()).toMatch(/^socket/);
  });

  it('does not search when the engine is dead', async () => {
    const engine = await listener();
    const worker = await listener();
    const search = vi.fn<() => number[]>(() => [worker.pid]);
    const witness = new ListenerWitness(worker.port, { ...run(engine.pid), search });
    await killed(engine.child);
    expect([witness.listener(), search.mock.calls]).toEqual([null, []]);
  });
});
