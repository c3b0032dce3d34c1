import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { ServerProcess } from './server-process.ts';

/** Engines in real containers, of this machine's own programs: no image is fetched. By LLAMACTL_TEST_LONG=1, where podman works. */

const ROOT = path.join(import.meta.dirname, '..');
const MOUNTS = ['/usr', '/bin', '/lib', '/lib64', ROOT, path.dirname(process.execPath)].filter((each) =>
  existsSync(each),
);
const PATIENCE_MS = 20_000;

function podman(...words: string[]): string {
  const { status, stdout } = spawnSync('podman', words, { encoding: 'utf8', timeout: PATIENCE_MS });
  return status === 0 ? stdout.trim() : '';
}

/** The names of containers that are llamactl's, also of those that have ended. */
function containers(): string[] {
  return podman('ps', '--all', '--filter', 'label=llamactl.run', '--format', '{{.Names}}').split('\n').filter(Boolean);
}

/** `podman run` of a program in an empty folder that gets what the machine has. */
function command(folder: string, ...program: string[]): string[] {
  const mounts = MOUNTS.flatMap((each) => ['--volume', `${each}:${each}:ro`]);
  return ['podman', 'run', '--network', 'host', '--log-driver', 'none', ...mounts, '--rootfs', folder, ...program];
}

describe.runIf(isLong)('an engine in a container of podman', () => {
  const made: string[] = [];
  let server: ServerProcess;
  let folder: string;
  let works = false;

  beforeAll(async () => {
    server = await ServerProcess.create('security: { allow_privileged: true }\n');
    folder = path.join(server.home, 'root');
    mkdirSync(folder);
    const [program = '', verb = '', ...words] = command(folder, '/bin/true');
    works = spawnSync(program, [verb, '--rm', ...words], { timeout: PATIENCE_MS }).status === 0;
    if (works) await server.start();
  }, 60_000);
  beforeEach(({ skip }) => skip(!works, 'podman runs nothing here'));
  afterAll(async () => {
    const left = containers().filter((each) => made.includes(each));
    if (left.length > 0) podman('rm', '--force', ...left);
    await server.dispose();
  });

  async function started(name: string): Promise<{ container: string; pid: number; client: number }> {
    const before = containers();
    const settings = { engine: 'custom', command: command(folder, ...fakeEngineCommand(), '--port', '${PORT}') };
    const created = await server.call('POST', '/api/instances', { name, ...settings });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    const answer = await server.call('POST', `/api/instances/${name}/start?wait=true`);
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { status: 'running' } });
    const container = containers().find((each) => !before.includes(each)) ?? '';
    made.push(container);
    const pid = Number(podman('inspect', '--format', '{{.State.Pid}}', container));
    return { container, pid, client: (await server.instance(name)).pid ?? 0 };
  }

  it('serves, is heard, and is gone after a stop', async () => {
    const { container } = await started('one');
    expect((await server.call('POST', '/v1/completions', { model: 'one', prompt: 'x' })).status).toBe(200);
    expect((await server.call('GET', '/api/instances/one/logs')).body['logs']).not.toEqual([]);
    await server.call('POST', '/api/instances/one/stop?wait=true');
    expect(await server.instance('one')).toMatchObject({ status: 'stopped', last_exit: { code: 0 } });
    expect(containers()).not.toContain(container);
  });

  it('lives on without llamactl, and is taken up again', async () => {
    const { container, client } = await started('two');
    await server.end('SIGKILL');
    await server.start();
    expect(await server.instance('two')).toMatchObject({ status: 'running', pid: client });
    expect(containers()).toContain(container);
    await server.call('POST', '/api/instances/two/stop?wait=true', { force: true });
    expect(containers()).not.toContain(container);
  });

  it('that hangs and whose client dies is ended before another is started, and is no alert', async () => {
    const { container, pid, client } = await started('three');
    process.kill(pid, 'SIGSTOP');
    process.kill(client, 'SIGKILL');
    await vi.waitFor(async () => {
      expect(await server.instance('three')).toMatchObject({ status: 'running', restart_count: 1 });
    }, PATIENCE_MS);
    expect(containers()).not.toContain(container);
    expect(server.errors).not.toContain('process_survives_kill');
    await server.call('POST', '/api/instances/three/stop?wait=true');
  });
});
