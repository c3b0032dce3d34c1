import { describe, expect, it } from 'vitest';
import { machinesStop, managingService, stopService, type ManagerWorld } from './managing-service.ts';

const PID = 4711;
const USERS = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/llamactl.service\n';
const MACHINES = '0::/system.slice/llamactl.service\n';
const CRON = '0::/system.slice/cron.service\n';
const TERMINAL = '0::/user.slice/user-1000.slice/session-3.scope\n';

interface Said {
  code?: number;
  stdout?: string;
  stderr?: string;
}

/** @param said The answers of the tool, in order. */
function world(said: Said[], changes: Partial<ManagerWorld> = {}): ManagerWorld & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    platform: 'linux',
    uid: 1000,
    groups: () => MACHINES,
    command: () => null,
    runTool: async (command, words) => {
      asked.push([command, ...words].join(' '));
      return { code: 0, stdout: '', stderr: '', ...said.shift() };
    },
    ...changes,
  };
}

describe('the service that runs a server', () => {
  it('is the systemd unit whose main process it is', async () => {
    const machine = world([{ stdout: `${PID}\n` }]);
    expect(await managingService(PID, machine)).toMatchObject({ name: 'llamactl.service', isMachines: true });
    expect(machine.asked).toEqual(['systemctl show --property=MainPID --value llamactl.service']);
    const user = world([{ stdout: `${PID}\n` }], { groups: () => USERS });
    expect(await managingService(PID, user)).toMatchObject({ name: 'llamactl.service', isMachines: false });
    expect(user.asked).toEqual(['systemctl --user show --property=MainPID --value llamactl.service']);
  });

  it('is also the unit whose first server waits for a later one', async () => {
    const after = world([{ stdout: '9\n' }], { command: (pid) => (pid === 9 ? 'llamactl serve\0' : null) });
    expect(await managingService(PID, after)).toMatchObject({ name: 'llamactl.service' });
  });

  it.each<[string, ManagerWorld]>([
    ['a job of cron started the server', world([{ stdout: '9\n' }], { groups: () => CRON, command: () => 'cron\0' })],
    ['a person started it', world([], { groups: () => TERMINAL })],
    ['there is no systemd', world([], { groups: () => null })],
    ['systemd does not answer', world([{ code: 1 }])],
    ['launchd does not know it', world([{ code: 113 }], { platform: 'darwin' })],
    ['launchd runs another process', world([{ stdout: '\tpid = 9\n' }], { platform: 'darwin' })],
  ])('is none when %s', async (_why, machine) => {
    expect(await managingService(PID, machine)).toBe(null);
  });

  it('is the agent of launchd on macOS', async () => {
    const mac = world([{ stdout: `local.llamactl = {\n\tpid = ${PID}\n}\n` }], { platform: 'darwin', uid: 501 });
    const service = await managingService(PID, mac);
    expect(service?.stop).toEqual(['launchctl', 'bootout', 'gui/501/local.llamactl']);
  });

  it('is stopped by its manager', async () => {
    const machine = world([{ stdout: `${PID}\n` }], { uid: 0 });
    const service = await managingService(PID, machine);
    if (service === null) throw new Error('no service was found');
    await stopService(service, machine);
    expect(machine.asked.at(-1)).toBe('systemctl --no-ask-password stop llamactl.service');
  });

  it('may be the one of the machine, whose server other users do not see', async () => {
    expect(await machinesStop(world([{ stdout: 'active\n' }]))).toBe('sudo systemctl stop llamactl.service');
    expect(await machinesStop(world([{ stdout: 'active\n' }], { uid: 0 }))).toBe('systemctl stop llamactl.service');
    for (const said of [{ stdout: 'inactive\n' }, { code: 1 }]) expect(await machinesStop(world([said]))).toBe(null);
  });

  it('names the command when its manager refuses', async () => {
    const machine = world([{ stdout: `${PID}\n` }, { code: 1, stderr: 'Access denied\nmore\n' }]);
    const service = await managingService(PID, machine);
    if (service === null) throw new Error('no service was found');
    await expect(stopService(service, machine)).rejects.toMatchObject({
      message: 'llamactl.service runs the server, and its manager refused to stop it: Access denied',
      status: 4,
      remedies: ['sudo systemctl stop llamactl.service'],
    });
  });
});
