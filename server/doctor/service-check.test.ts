import { describe, expect, it } from 'vitest';
import { checkService, type ServiceWorld } from './service-check.ts';

const USERS = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/llamactl.service\n';
const MACHINES = '0::/system.slice/llamactl.service\n';
const HYBRID = '9:memory:/\n1:name=systemd:/system.slice/llamactl.service\n0::/\n';
const TERMINAL = '0::/user.slice/user-1000.slice/session-3.scope\n';
const DESKTOP = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope\n';

function world(changes: Partial<ServiceWorld> & { killMode?: string } = {}): ServiceWorld & { asked: string[] } {
  const asked: string[] = [];
  const { killMode = 'process', ...rest } = changes;
  return {
    groups: () => USERS,
    lingers: () => true,
    isThere: () => false,
    runTool: async (command, args) => {
      asked.push([command, ...args].join(' '));
      return { code: 0, stdout: `${killMode}\n`, stderr: '' };
    },
    user: { name: 'me', uid: 1_000, home: '/home/me' },
    asked,
    ...rest,
  };
}

describe('a server that is a service', () => {
  it.each([
    [USERS, 'llamactl.service of a user'],
    [MACHINES, 'llamactl.service of the machine'],
    [HYBRID, 'llamactl.service of the machine'],
    [TERMINAL, 'started by hand'],
    [DESKTOP, 'started by hand'],
  ])('is fine if engines outlive it: %s', async (groups, message) => {
    const [finding, ...more] = await checkService(7, world({ groups: () => groups }));
    expect(finding).toMatchObject({ check: 'service', level: 'ok' });
    expect(finding?.message).toContain(message);
    expect(more).toEqual([]);
  });

  it.each([USERS, DESKTOP])('ends with the last session of a user who does not linger: %s', async (groups) => {
    const [finding] = await checkService(7, world({ groups: () => groups, lingers: () => false }));
    expect(finding).toMatchObject({ level: 'warning', remedies: [{ command: 'loginctl enable-linger me' }] });
    expect(finding?.message).toContain('kills it and all engines');
  });

  it.each([MACHINES, TERMINAL])('does not depend on lingering elsewhere: %s', async (groups) => {
    const [finding] = await checkService(7, world({ groups: () => groups, lingers: () => false }));
    expect(finding?.level).toBe('ok');
  });

  it('kills its engines if its unit does not set KillMode', async () => {
    const here = world({ killMode: 'control-group' });
    const [finding] = await checkService(7, here);
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding?.message).toContain('KillMode=control-group');
    expect(here.asked).toEqual(['systemctl --user show --property=KillMode --value llamactl.service']);
  });

  it('is not judged if systemd does not answer', async () => {
    const runTool = () => Promise.reject(new Error('systemctl was not found'));
    expect(await checkService(7, world({ groups: () => MACHINES, runTool }))).toMatchObject([{ level: 'ok' }]);
  });
});

describe('without a server', () => {
  it("warns of a user's unit without lingering", async () => {
    const isThere = (file: string): boolean => file === '/home/me/.config/systemd/user/llamactl.service';
    expect(await checkService(null, world({ isThere, lingers: () => false }))).toMatchObject([{ level: 'warning' }]);
    expect(await checkService(null, world({ isThere }))).toEqual([]);
  });

  it('reports nothing without a unit', async () => {
    expect(await checkService(null, world({ lingers: () => false }))).toEqual([]);
  });
});

it('reports nothing without systemd, as in a container', async () => {
  expect(await checkService(7, world({ groups: () => '0::/\n' }))).toEqual([]);
  expect(await checkService(7, world({ groups: () => null }))).toEqual([]);
});
