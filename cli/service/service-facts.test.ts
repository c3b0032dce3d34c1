import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConfigSchema } from '@llamactl/contract/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serviceFacts, type ServiceMaker } from './service-facts.ts';
import type { ServiceManager } from './service-manager.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-facts-'));
  mkdirSync(path.join(folder, 'cli'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const config = ConfigSchema.parse({ data_dir: '/srv/data', instances: { stop_timeout: 45 } });
const found = (file: string | null) => ({ config, file });

function maker(): ServiceMaker {
  const script = path.join(folder, 'cli', 'main.ts');
  const own = { command: '/opt/node', argv: ['--flag', script], script };
  return { own, searchPath: '/bin', home: '/home/me', folder: '/here' };
}

describe('serviceFacts', () => {
  it('has the given flags, with absolute paths', () => {
    const flags = { config: 'a.yaml', dataDir: '../data', port: '9000', logLevel: 'warn', stopEngines: true };
    const { facts } = serviceFacts('systemd', flags, found('/here/a.yaml'), maker());
    const whose = ['--config', '/here/a.yaml', '--data-dir', '/data'];
    expect(facts.serveFlags).toEqual([...whose, '--port', '9000', '--log-level', 'warn', '--stop-engines']);
    expect(facts.reloadFlags).toEqual(whose);
    expect(facts.stopTimeout).toBe(45);
  });

  it('uses the launcher if it exists, else Node and the present script', () => {
    expect(serviceFacts('systemd', {}, found(null), maker()).facts.program).toEqual([
      '/opt/node',
      '--flag',
      path.join(folder, 'cli', 'main.ts'),
    ]);
    const launcher = path.join(folder, 'llamactl');
    writeFileSync(launcher, '');
    chmodSync(launcher, 0o755);
    expect(serviceFacts('systemd', {}, found(null), maker()).facts.program).toEqual([launcher]);
  });

  it('uses the executable if the program is one', () => {
    const own = { command: '/opt/llamactl', argv: [], script: null };
    expect(serviceFacts('systemd', {}, found(null), { ...maker(), own }).facts.program).toEqual(['/opt/llamactl']);
  });

  it('uses the executable itself for the machine if others control the link to it, and the link for a user', () => {
    const command = path.join(folder, 'llamactl-1');
    const link = path.join(folder, 'current');
    writeFileSync(command, '');
    symlinkSync('llamactl-1', link);
    const programFor = (manager: ServiceManager, called: string) => {
      const own = { command: called, argv: [], script: null };
      return serviceFacts(manager, {}, found(null), { ...maker(), own }).facts.program;
    };
    expect(programFor('systemd', link)).toEqual([realpathSync(command)]);
    expect(programFor('systemd-user', link)).toEqual([link]);
    expect(programFor('launchd', link)).toEqual([link]);
    // A link that belongs to root, in a folder that belongs to root.
    expect(programFor('systemd', '/bin/sh')).toEqual(['/bin/sh']);
  });

  it('adds a configuration file that was found in this folder', () => {
    const { facts, warnings } = serviceFacts('systemd-user', {}, found('/here/llamactl.yaml'), maker());
    expect(facts.serveFlags).toEqual(['--config', '/here/llamactl.yaml']);
    expect(warnings).toEqual([]);
  });

  it('does not use the configuration of the caller if the service has its own user', () => {
    const { facts, warnings } = serviceFacts('systemd', {}, found('/here/llamactl.yaml'), maker());
    expect(facts.serveFlags).toEqual([]);
    expect(warnings).toEqual(['the service does not use /here/llamactl.yaml; if it should, add --config']);
  });

  it('warns if that user cannot reach the program', () => {
    const script = '/home/me/llamactl/cli/main.ts';
    const own = { command: '/home/me/node', argv: [script], script };
    const { warnings } = serviceFacts('systemd', {}, found(null), { ...maker(), own });
    expect(warnings).toEqual([expect.stringContaining('/home/me/node is in a home directory')]);
  });
});
