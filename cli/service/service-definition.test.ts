import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagedDefinitions, serviceDefinition, type ServiceFacts } from './service-definition.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-unit-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function facts(changes: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    program: ['/opt/llamactl/llamactl'],
    serveFlags: ['--port', '9000'],
    reloadFlags: [],
    stopTimeout: 30,
    searchPath: '/home/me/bin:/usr/bin',
    home: '/home/me',
    ...changes,
  };
}

/** The value of each key, without sections: no key is in two of them. */
function keysOf(unit: string): Map<string, string> {
  const lines = unit.split('\n').filter((line) => /^\w+=/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe.each(['systemd', 'systemd-user'] as const)('a unit for %s', (manager) => {
  const keys = (changes?: Partial<ServiceFacts>): Map<string, string> =>
    keysOf(serviceDefinition(manager, facts(changes)));

  it('lets engines outlive the server, and notifies systemd when the server is ready, hangs or ends', () => {
    expect(Object.fromEntries(keys())).toMatchObject({
      ExecStart: '/opt/llamactl/llamactl serve --port 9000',
      ExecReload: '/opt/llamactl/llamactl reload',
      KillMode: 'process',
      OOMPolicy: 'continue',
      Type: 'notify',
      NotifyAccess: 'all',
      Restart: 'on-failure',
      StartLimitIntervalSec: '0',
    });
    expect(Number(keys().get('WatchdogSec'))).toBeGreaterThan(0);
  });

  it('gives the server more time to end than engines take', () => {
    expect(keys({ stopTimeout: 0.5 }).get('TimeoutStopSec')).toBe('31');
    expect(keys({ stopTimeout: 600 }).get('TimeoutStopSec')).toBe('630');
  });

  it('hides no files or GPUs from engines that outlive the service', () => {
    const harmful =
      /^(PrivateTmp|RuntimeDirectory|PrivateDevices|DevicePolicy|DynamicUser|MemoryDenyWriteExecute|SystemCallFilter|RestrictAddressFamilies|PrivateUsers|ProtectProc|PrivateNetwork)$/;
    expect([...keys().keys()].filter((key) => harmful.test(key))).toEqual([]);
  });

  it('escapes every argument', () => {
    const serveFlags = ['--config', '/srv/my "new" files/100%/$HOME\\a.yaml'];
    expect(keys({ serveFlags }).get('ExecStart')).toBe(
      String.raw`/opt/llamactl/llamactl serve --config "/srv/my \"new\" files/100%%/$$HOME\\a.yaml"`,
    );
  });

  it.skipIf(!has('systemd-analyze'))('passes systemd-analyze, where it is installed', () => {
    const program = path.join(folder, 'llama ctl');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    const unit = path.join(folder, 'llamactl.service');
    writeFileSync(unit, serviceDefinition(manager, facts({ program: [program] })));
    const whose = manager === 'systemd-user' ? ['--user'] : [];
    const { status, stderr } = spawnSync('systemd-analyze', [...whose, '--man=no', 'verify', unit], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_RUNTIME_DIR: folder },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('a unit', () => {
  it('of the machine has its own user, and is killed after its engines', () => {
    const keys = keysOf(serviceDefinition('systemd', facts()));
    expect(Object.fromEntries(keys)).toMatchObject({ User: 'llamactl', OOMScoreAdjust: '-500' });
    expect(keys.has('Environment')).toBe(false);
  });

  it('of the machine keeps programs from gaining privileges, and gives them a /tmp that exists as long as an engine', () => {
    const keys = keysOf(serviceDefinition('systemd', facts()));
    expect(Object.fromEntries(keys)).toMatchObject({ NoNewPrivileges: 'yes', CapabilityBoundingSet: '' });
    expect(keys.get('TemporaryFileSystem')).toMatch(/^\/tmp:mode=1777,\S+ \/var\/tmp:mode=1777,\S+$/);
  });

  it('of a user has no hardening that breaks user managers or engines of a user', () => {
    const keys = keysOf(serviceDefinition('systemd-user', facts()));
    for (const key of ['NoNewPrivileges', 'CapabilityBoundingSet', 'TemporaryFileSystem', 'ProtectSystem'])
      expect([key, keys.has(key)]).toEqual([key, false]);
  });

  it('of a user has the PATH of its user', () => {
    const keys = keysOf(serviceDefinition('systemd-user', facts()));
    expect(keys.get('Environment')).toBe('PATH=/home/me/bin:/usr/bin');
    expect(keys.has('User')).toBe(false);
  });
});

describe('an agent for launchd', () => {
  it.skipIf(!has('python3'))(
    'keeps engines running, and is a valid property list (checked with python3, where it is installed)',
    () => {
      const file = path.join(folder, 'agent.plist');
      writeFileSync(file, serviceDefinition('launchd', facts({ serveFlags: ['--config', '/a & <b>.yaml'] })));
      const script = 'import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))';
      const list: unknown = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
      expect(list).toMatchObject({
        ProgramArguments: ['/opt/llamactl/llamactl', 'serve', '--log-level', 'warn', '--config', '/a & <b>.yaml'],
        AbandonProcessGroup: true,
        KeepAlive: { SuccessfulExit: false },
        ExitTimeOut: 60,
        ProcessType: 'Interactive',
        EnvironmentVariables: { PATH: '/home/me/bin:/usr/bin' },
        StandardErrorPath: '/home/me/Library/Logs/llamactl.log',
        Umask: 0o077,
      });
    },
  );
});

describe('packaging/', () => {
  it('contains the definitions for an installed package; `npm run generate` writes them', () => {
    for (const { path: file, content } of packagedDefinitions()) {
      expect(readFileSync(path.join(import.meta.dirname, '..', '..', file), 'utf8')).toBe(content);
    }
  });
});
