import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { ServerProcess } from './server-process.ts';

const BLOCKING = [process.execPath, path.join(import.meta.dirname, 'blocking-engine.ts'), '${PORT}'];
/** For the push tier; the long tier keeps the usual pace. */
const QUICKLY = ['env', `NODE_OPTIONS=--import=${path.join(import.meta.dirname, 'quick-timers.ts')}`];
/** From the last check that was answered to the third that is missed, each with its five seconds, and some for a machine in use. */
const SEEN_WITHIN_MS = 60_000;
/** Longer than it takes to miss three checks. */
const WORK_SECONDS = isLong ? 42 : 12;

describe('an engine that answers nothing any more', { timeout: 2 * SEEN_WITHIN_MS }, () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.create('security: { allow_privileged: true }\n', () => (isLong ? [] : QUICKLY));
    await server.start();
  });
  afterAll(() => server.dispose());

  async function running(name: string, settings: object): Promise<number> {
    await server.call('POST', '/api/instances', { name, ...settings });
    await server.call('POST', `/api/instances/${name}/start?wait=true`);
    const { pid } = await server.instance(name);
    if (pid === null) throw new Error(`${name} does not run`);
    return pid;
  }

  async function restarted(name: string, pid: number): Promise<void> {
    const look = async (): Promise<void> => {
      const { status, pid: now, last_exit: last } = await server.instance(name);
      expect(status).toBe('running');
      expect(now).not.toBe(pid);
      expect(last?.reason).toContain('no longer answered its health check (timeout) and showed no sign of work');
    };
    await vi.waitFor(look, { timeout: SEEN_WITHIN_MS, interval: 250 });
  }

  it('is restarted when it hangs, used or not, and left alone while it works', async () => {
    const [idle, deadlocked, busy] = await Promise.all([
      running('idle', { engine: 'llama_cpp', model_path: await testModel() }),
      running('deadlocked', { engine: 'custom', command: BLOCKING }),
      running('busy', { engine: 'custom', command: BLOCKING }),
    ]);
    const stream = await fetch(`${server.url}/api/instances/deadlocked/proxy/deadlock`);
    const worked = fetch(`${server.url}/api/instances/busy/proxy/work?seconds=${WORK_SECONDS}`);
    process.kill(idle, 'SIGSTOP');

    await Promise.all([
      restarted('idle', idle),
      restarted('deadlocked', deadlocked),
      // an answer that breaks off looks like one
      expect(stream.text()).rejects.toThrow(/terminated/),
      expect(worked.then((answer) => answer.text())).resolves.toBe('done'),
    ]);
    expect(await server.instance('busy')).toMatchObject({ status: 'running', pid: busy, restart_count: 0 });
  });
});
