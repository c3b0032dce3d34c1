import { describe, expect, it } from 'vitest';
import { checkPortRange, checkServerPort } from './port-checks.ts';

/** A machine with these ports in use, by pid. */
function machine(taken: Record<number, number>, engines: readonly number[] = []): Parameters<typeof checkPortRange>[2] {
  return {
    listeningPorts: () => new Set(Object.keys(taken).map(Number)),
    enginePorts: async () => new Set(engines),
    portHolder: async (port) => {
      const pid = taken[port];
      return pid === undefined ? null : { pid, description: `python3 (pid ${pid})` };
    },
  };
}

const none: ReadonlySet<number> = new Set();

describe("the server's port", () => {
  it.each([
    ['is free', {}, null, 'ok'],
    ['is its own', { 8080: 7 }, 7, 'ok'],
    ['is in use by another program while the server runs elsewhere', { 8080: 9 }, 7, 'error'],
    ['is in use by another program', { 8080: 9 }, null, 'error'],
  ])('%s', async (_what, taken, pid, level) => {
    const finding = await checkServerPort(8080, pid, machine(taken));
    expect(finding.level).toBe(level);
    if (level === 'error') expect(finding.message).toContain('python3 (pid 9)');
  });
});

describe('the ports of instances', () => {
  it('are reported with the holders of some', async () => {
    const taken = { 80: 1, 8100: 2, 8101: 3, 8102: 4, 8103: 5, 8104: 6 };
    expect(await checkPortRange([8100, 8199], new Set([8100]), machine(taken))).toMatchObject({
      level: 'ok',
      message:
        '8100–8199: 95 ports left for instances; in use by others: 8101 python3 (pid 3), 8102 python3 (pid 4), 8103 python3 (pid 5), and 1 more',
    });
  });

  it('are fine if our own engines use them, reported by a server or not', async () => {
    const taken = { 8100: 2, 8101: 3, 8102: 4 };
    expect((await checkPortRange([8100, 8199], new Set([8100]), machine(taken, [8100, 8101]))).message).toBe(
      '8100–8199: 97 ports left for instances; in use by others: 8102 python3 (pid 4)',
    );
  });

  it('are a warning when few are left, and an error when none is', async () => {
    const taken = Object.fromEntries(Array.from({ length: 18 }, (_, index) => [8100 + index, 1]));
    expect((await checkPortRange([8100, 8119], none, machine(taken))).level).toBe('warning');
    expect((await checkPortRange([8100, 8117], none, machine(taken))).level).toBe('error');
  });

  it('may be few on purpose', async () => {
    expect((await checkPortRange([8100, 8103], none, machine({}))).level).toBe('ok');
  });

  it('are not judged if the system does not report them', async () => {
    const silent = { ...machine({}), listeningPorts: () => null };
    expect((await checkPortRange([8100, 8103], none, silent)).level).toBe('ok');
  });
});
