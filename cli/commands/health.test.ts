import type { Health } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';

let server: EventServer;
let sandbox: CommandSandbox;

const health: Record<string, Health> = {
  llama: {
    status: 'healthy',
    checks: { process: 'running', port: 'open', response: 'ok' },
    last_check: '2026-03-01T12:00:00Z',
  },
  qwen: {
    status: 'stopped',
    checks: { process: 'stopped', port: 'closed', response: 'none' },
    last_check: '2026-03-01T12:00:00Z',
  },
};

beforeEach(async () => {
  server = await EventServer.open();
  await server.add('llama');
  await server.add('qwen');
  server.manager.shapeHealth(health);
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

describe('llamactl health', () => {
  it('shows all instances, and exits with 0 if none is named', async () => {
    const { status, stdout } = await sandbox.run(['health'], { columns: 80 });
    expect(screenAfter(stdout)).toEqual([
      'NAME   STATUS   PROCESS  PORT    RESPONSE',
      'llama  healthy  running  open    ok',
      'qwen   stopped  stopped  closed  none',
    ]);
    expect(status).toBe(0);
  });

  it('exits with 1 if a named instance is not healthy', async () => {
    expect((await sandbox.run(['health', 'llama'])).status).toBe(0);
    expect((await sandbox.run(['health', 'llama', 'qwen'])).status).toBe(1);
    expect((await sandbox.run(['health', 'qwen', '-q'])).stdout).toBe('stopped\n');
  });

  it('reports an unknown instance, and still shows the others', async () => {
    const one = await sandbox.run(['health', 'lama']);
    expect([one.status, one.stdout]).toEqual([3, '']);
    expect(one.stderr).toContain('there is no instance lama; did you mean llama?');
    const two = await sandbox.run(['health', 'lama', 'llama']);
    expect(two.status).toBe(3);
    expect(two.stdout).toContain('healthy');
  });

  it("adds names to the API's response with --json", async () => {
    expect(JSON.parse((await sandbox.run(['health', '--json'])).stdout)).toEqual([
      { name: 'llama', ...health['llama'] },
      { name: 'qwen', ...health['qwen'] },
    ]);
  });
});
