import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { serviceDefinition } from '@llamactl/cli/service/service-definition';
import { type Instance, InstanceSchema } from '@llamactl/contract/instance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { COMPILED, MAIN } from './program.ts';
import { SystemdMachine, whyNoSystemd } from './systemd-machine.ts';

/** The unit that `serve --print-unit systemd` prints, in the hands of a real systemd. */

const reason = whyNoSystemd();
const SERVICE = 'llamactl.service';

describe.skipIf(reason !== null)(`the unit under systemd${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let ports: PortBlock;
  let url: string;
  let machine: SystemdMachine;
  let engine: number;

  beforeAll(async () => {
    // Not below /tmp: the service has one of its own.
    folder = mkdtempSync(path.join(import.meta.dirname, '..', '.cache', 'systemd-'));
    ports = await PortBlock.take();
    const port = ports.next();
    url = `http://127.0.0.1:${port}`;
    const configuration = path.join(folder, 'config.yaml');
    writeFileSync(
      configuration,
      `rate_limit: { enabled: false }
instances: { port_range: [${ports.range.join(', ')}] }
engines: { llama_cpp: { command: ${testEngine()} } }\n`,
    );
    machine = await SystemdMachine.boot(folder);
    const whose = ['--config', configuration, '--data-dir', path.join(folder, 'data')];
    const unit = serviceDefinition('systemd', {
      program: [process.execPath, '--disable-warning=ExperimentalWarning', MAIN],
      serveFlags: [...whose, '--port', String(port)],
      reloadFlags: whose,
      stopTimeout: 30,
      searchPath: '',
      home: folder,
    });
    writeFileSync(path.join(folder, 'units', SERVICE), unit);
    // This unit has no user of its own here, and does not wait five seconds.
    const drop = path.join(folder, 'units', `${SERVICE}.d`);
    mkdirSync(drop);
    writeFileSync(
      path.join(drop, 'test.conf'),
      `[Service]\nUser=root\nRestartSec=50ms\nWatchdogSec=4\nEnvironment=NODE_COMPILE_CACHE=${COMPILED}\n`,
    );
    await machine.run('systemctl', 'daemon-reload');
    await machine.run('systemctl', 'start', SERVICE);
    await call('POST', '/api/instances', { name: 'chat', model_path: await testModel(), options: { ctx_size: 512 } });
    await call('POST', '/api/instances/chat/start?wait=true');
    engine = (await instance()).pid ?? 0;
  }, 60_000);

  afterAll(async () => {
    await machine.dispose();
    ports.release();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function call(method: string, route: string, body?: unknown): Promise<unknown> {
    const content =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(url + route, { method, ...content });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async function instance(): Promise<Instance> {
    return InstanceSchema.parse(await call('GET', '/api/instances/chat'));
  }

  const mainPid = (): Promise<string> => machine.show(SERVICE, 'MainPID');

  /** The process that serves, as systemd sees it at one moment; `null`: none does. */
  async function server(): Promise<string | null> {
    const shown = await machine.run('systemctl', 'show', SERVICE, '--property=ActiveState,MainPID');
    const pid = /^MainPID=([1-9]\d*)$/m.exec(shown)?.[1];
    return shown.includes('ActiveState=active') ? (pid ?? null) : null;
  }

  const isReplaced = (before: string) => async (): Promise<boolean> => {
    const pid = await server();
    return pid !== null && pid !== before;
  };

  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await pause(50);
  }

  /** The engine is the one of the beginning, and the server has it. */
  async function expectSameEngine(): Promise<void> {
    expect(await instance()).toMatchObject({ status: 'running', pid: engine });
  }

  it('has started when the server listens, and says where', async () => {
    expect(await machine.show(SERVICE, 'StatusText')).toMatch(new RegExp(`listens on ${url}$`));
    expect(await machine.show(SERVICE, 'NotifyAccess')).toBe('all');
  });

  it('sets the server below its engines in who is killed first, and gives engines nothing of the service', async () => {
    expect(await machine.show(SERVICE, 'OOMScoreAdjust')).toBe('-500');
    // In a container systemd may not be allowed to, and goes on.
    expect(['-500', '0']).toContain(await machine.run('cat', `/proc/${await mainPid()}/oom_score_adj`));
    expect(await machine.run('cat', `/proc/${engine}/oom_score_adj`)).toBe('200');
    const variables = (await machine.run('cat', `/proc/${engine}/environ`))
      .split('\0')
      .map((each) => each.split('=')[0]);
    const own = /^(NOTIFY_|WATCHDOG_|INVOCATION_|JOURNAL_|STATE_DIRECTORY|SYSTEMD_)/;
    expect(variables.filter((name) => own.test(name ?? ''))).toEqual([]);
  });

  it('keeps the server and its engines from gaining rights', async () => {
    for (const pid of [await mainPid(), String(engine)]) {
      const status = await machine.run('cat', `/proc/${pid}/status`);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      for (const set of ['CapBnd', 'CapPrm', 'CapEff', 'CapAmb'])
        expect(status).toMatch(new RegExp(`^${set}:\t0+$`, 'm'));
    }
  });

  it('gives engines a private /tmp that outlives the service, as they do', async () => {
    const inside = (place: string): string => `/proc/${engine}/root${place}`;
    for (const place of ['/tmp', '/var/tmp']) {
      expect(await machine.run('stat', '--format=%a', inside(place))).toBe('1777');
      await machine.run('touch', `${inside(place)}/before`);
    }
    await expect(machine.run('test', '-e', '/tmp/before'), 'other programs do not see it').rejects.toThrow(
      'Command failed',
    );
    await machine.run('systemctl', 'stop', SERVICE);
    await machine.run('systemctl', 'start', SERVICE);
    await expectSameEngine();
    for (const place of ['/tmp', '/var/tmp']) {
      await machine.run('test', '-e', `${inside(place)}/before`);
      await machine.run('touch', `${inside(place)}/after`);
    }
  });

  it('keeps engines over a restart, which adopts them', async () => {
    const before = await mainPid();
    await machine.run('systemctl', 'restart', SERVICE);
    expect(await mainPid()).not.toBe(before);
    await expectSameEngine();
  });

  it('keeps engines when it stops, and starts with them again', async () => {
    await machine.run('systemctl', 'stop', SERVICE);
    expect(await machine.show(SERVICE, 'Result')).toBe('success');
    expect(await machine.run('cat', `/proc/${engine}/cmdline`)).toContain('--model');
    await machine.run('systemctl', 'start', SERVICE);
    await expectSameEngine();
  });

  it('starts the server again when it is killed', async () => {
    const before = await mainPid();
    await machine.run('systemctl', 'kill', '--kill-who=main', '--signal=KILL', SERVICE);
    await until(isReplaced(before));
    await expectSameEngine();
  });

  it('follows the server into its new process on a reload, and the old one ends', async () => {
    const before = await mainPid();
    await machine.run('systemctl', 'reload', SERVICE);
    await until(isReplaced(before));
    // The answer ends the connection that we keep, for which the old one would wait.
    await expectSameEngine();
    await until(async () =>
      machine.run('test', '!', '-e', `/proc/${before}`).then(
        () => true,
        () => false,
      ),
    );
    expect(await server()).not.toBe(null);
    await expectSameEngine();
  });

  it('is fed, and ends a server that hangs, also one that came by a reload', async () => {
    const fed = async (): Promise<string> => machine.show(SERVICE, 'WatchdogTimestampMonotonic');
    const before = await fed();
    await until(async () => (await fed()) !== before);
    const hanging = await mainPid();
    await machine.run('kill', '-STOP', hanging);
    await until(isReplaced(hanging));
    expect(await machine.show(SERVICE, 'NRestarts')).not.toBe('0');
    await expectSameEngine();
  });

  it('goes on with the old process, and says so, when a new one cannot start', async () => {
    const before = await mainPid();
    const configuration = path.join(folder, 'config.yaml');
    writeFileSync(configuration, 'nonsense: 1\n');
    await expect(machine.run('systemctl', 'reload', SERVICE)).rejects.toThrow('Job for llamactl.service failed');
    await until(async () => (await server()) !== null);
    expect(await server()).toBe(before);
    await expectSameEngine();
  });

  it('starts and stops engines as the server of an earlier start did', async () => {
    expect(await call('POST', '/api/instances/chat/stop?wait=true')).toMatchObject({ status: 'stopped' });
    await expect(machine.run('test', '-e', `/proc/${engine}`)).rejects.toThrow('Command failed');
    await call('POST', '/api/instances/chat/start?wait=true');
    expect((await instance()).status).toBe('running');
    expect(await call('POST', '/api/instances/chat/stop?wait=true', { force: true })).toMatchObject({
      status: 'stopped',
    });
  });
});
