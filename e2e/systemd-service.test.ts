import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine } from '../scripts/test-assets.ts';
import type { CommandResult } from './command-line.ts';
import { launcherFlags } from './launcher-flags.ts';
import { COMPILED, MAIN } from './program.ts';
import { SystemdMachine, whyNoSystemd } from './systemd-machine.ts';

/** `llamactl service` and `llamactl down`, in the hands of a real systemd. */

const reason = whyNoSystemd();
const UNIT = 'llamactl.service';

interface Kind {
  kind: string;
  flags: readonly string[];
  /** The words of `systemctl` for it. */
  whose: readonly string[];
}
const KINDS: readonly Kind[] = [
  { kind: 'of a user', flags: [], whose: ['--user'] },
  { kind: 'of the machine', flags: ['--system'], whose: [] },
];

describe.skipIf(reason !== null).each(KINDS)('the service $kind', ({ kind, flags, whose }) => {
  let folder: string;
  let machine: SystemdMachine;
  let ports: PortBlock;
  let port: number;
  let place: string[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(import.meta.dirname, '..', '.cache', 'service-'));
    ports = await PortBlock.take();
    port = ports.next();
    const configuration = path.join(folder, 'config.yaml');
    writeFileSync(
      configuration,
      `rate_limit: { enabled: false }\nengines: { llama_cpp: { command: ${testEngine()} } }\n`,
    );
    place = ['--config', configuration, '--data-dir', path.join(folder, 'data')];
    machine = await SystemdMachine.boot(folder);
    if (kind === 'of a user') await machine.startUserManager(folder);
    else {
      // The user of the service cannot enter the folders of this checkout.
      const drop = `/etc/systemd/system/${UNIT}.d`;
      const settings = `[Service]\nUser=root\nEnvironment=NODE_COMPILE_CACHE=${COMPILED}\n`;
      await machine.run('sh', '-c', `mkdir ${drop} && printf '%s' "$1" > ${drop}/test.conf`, 'sh', settings);
    }
  }, 60_000);

  afterAll(async () => {
    await machine.dispose();
    ports.release();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function llamactl(...words: string[]): Promise<CommandResult> {
    const variables = [`HOME=${folder}`, `PATH=${process.env['PATH'] ?? ''}`, `NODE_COMPILE_CACHE=${COMPILED}`];
    const program = [process.execPath, ...launcherFlags(), MAIN];
    return machine.result('env', '-i', ...variables, ...program, ...words);
  }

  const service = (verb: string, ...words: string[]): Promise<CommandResult> =>
    llamactl('service', verb, ...flags, ...words);
  const install = (...words: string[]): Promise<CommandResult> =>
    service('install', ...place, '--port', String(port), ...words);
  const json = async (result: Promise<CommandResult>): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await result;
    return JSON.parse(stdout === '' ? stderr : stdout) as Record<string, unknown>;
  };
  const activeState = (): Promise<string> =>
    machine.run('systemctl', ...whose, 'show', UNIT, '--value', '--property=ActiveState');

  it('is not there at first', async () => {
    expect(await service('status', '-q')).toMatchObject({ status: 5, stdout: 'not installed\n' });
    expect(await service('uninstall')).toMatchObject({ status: 0, stdout: '' });
  });

  it('is installed once, changed by other options, and reports its state', async () => {
    const first = await json(install('--json'));
    expect(first).toMatchObject({ changed: true, installed: true, enabled: true, running: true });
    expect(first['message']).toMatch(new RegExp(`listens on http://127.0.0.1:${port}$`));
    expect(await json(install('--json'))).toMatchObject({ changed: false, pid: first['pid'] });
    const changed = await json(install('--log-level', 'debug', '--json'));
    expect(changed).toMatchObject({ changed: true, running: true });
    expect(changed['pid']).not.toBe(first['pid']);
    const { status, stdout } = await service('status');
    expect(status).toBe(0);
    expect(stdout).toContain(`running (process ${String(changed['pid'])})`);
    expect(stdout).toContain(`listens on http://127.0.0.1:${port}`);
    expect(await machine.run('systemctl', ...whose, 'is-enabled', UNIT)).toBe('enabled');
  });

  it.runIf(kind === 'of a user')('prints how to run without a log-in if systemd-logind refuses', async () => {
    const { stderr } = await install('--log-level', 'debug');
    expect(stderr).toContain('sudo loginctl enable-linger root');
    expect((await service('status')).stdout).toContain('at your log-in');
  });

  it.runIf(kind === 'of the machine')('has a user of its own', async () => {
    expect(await machine.run('getent', 'passwd', 'llamactl')).toContain('/var/lib/llamactl:/usr/sbin/nologin');
  });

  it('is stopped by `down` through systemd, and started by another install', async () => {
    const { status, stdout } = await llamactl('down', ...place);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`stopped ${UNIT}`) as unknown,
    });
    expect(await activeState()).toBe('inactive');
    expect(await service('status', '-q')).toMatchObject({ status: 5, stdout: 'not running\n' });
    expect(await json(install('--log-level', 'debug', '--json'))).toMatchObject({ changed: false, running: true });
  });

  it.runIf(kind === 'of the machine')('is named by `down` for another data directory', async () => {
    const { status, stderr } = await llamactl('down');
    expect(status).toBe(0);
    expect(stderr).toContain('a service of the machine is; to stop it: systemctl stop llamactl.service');
  });

  it('is removed, and its data stays', async () => {
    const { file } = await json(service('status', '--json'));
    expect(await service('uninstall')).toMatchObject({ status: 0, stdout: `removed ${String(file)}\n` });
    await expect(machine.run('test', '-e', String(file))).rejects.toThrow('Command failed');
    expect(await activeState()).toBe('inactive');
    expect(existsSync(path.join(folder, 'data', 'llamactl.db'))).toBe(true);
    expect(await service('status', '-q')).toMatchObject({ status: 5, stdout: 'not installed\n' });
  });

  it.runIf(kind === 'of a user')('does not take a data directory from a server in the background', async () => {
    const { pid } = await json(llamactl('up', ...place, '--port', String(port), '--json'));
    expect(await install()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/a server without a service uses .*\n.*llamactl down/) as unknown,
    });
    expect(await llamactl('down', ...place)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`stopped the server (process ${String(pid)})`) as unknown,
    });
  });

  it.runIf(kind === 'of a user')('leaves a unit alone that llamactl did not make', async () => {
    const units = path.join(folder, '.config', 'systemd', 'user');
    mkdirSync(units, { recursive: true });
    writeFileSync(path.join(units, UNIT), '[Service]\nExecStart=true\n');
    for (const result of [await install(), await service('uninstall')]) {
      expect(result).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('was not made by llamactl') as unknown,
      });
    }
  });
});
