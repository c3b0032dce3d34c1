import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** A data directory that is copied or moved with its engines running, by the real program. */

let here: ServerProcess;
let there: ServerProcess;
let pid: number | null;

beforeEach(async () => {
  [here, there] = await Promise.all([ServerProcess.create(), ServerProcess.create()]);
  await here.start();
  const body = { name: 'a', model_path: await testModel(), options: { threads: 1 } };
  expect((await here.call('POST', '/api/instances', body)).status).toBe(201);
  expect((await here.call('POST', '/api/instances/a/start?wait=true')).status).toBe(200);
  ({ pid } = await here.instance('a'));
});
afterEach(async () => {
  await Promise.all([here.dispose(), there.dispose()]);
});

/** Pipes too, without reading them. */
const copy = (from: string, to: string): void => void execFileSync('cp', ['-a', from, to]);

const isAlive = async (): Promise<boolean> => (await here.processes()).some((each) => each.pid === pid);

describe('a data directory that was copied', () => {
  it('is another: the engines of the first are left alone, and instances begin as after a reboot', async () => {
    copy(here.dataDirectory, there.dataDirectory);
    await there.start();
    expect(there.errors).toContain(`${there.dataDirectory} is a copy of another data directory, whose engines run`);
    await vi.waitFor(async () => expect((await there.instance('a')).status).toBe('running'), 10_000);
    expect((await there.instance('a')).pid).not.toBe(pid);

    await here.end('SIGKILL');
    await here.start();
    expect(await here.instance('a')).toMatchObject({ status: 'running', pid });
    await here.call('POST', '/api/instances/a/stop?wait=true');
    expect((await there.instance('a')).status).toBe('running');
    await there.call('POST', '/api/instances/a/stop?wait=true');
    expect([...(await here.processes()), ...(await there.processes())]).toEqual([]);
  });

  it('and took the place of the first has none of its engines: they are where they work', async () => {
    await here.end('SIGTERM');
    renameSync(here.dataDirectory, there.dataDirectory);
    copy(there.dataDirectory, here.dataDirectory);
    await here.start();
    expect(here.errors).toContain('They are left alone');
    expect(await isAlive()).toBe(true);
    await there.start();
    expect(await there.instance('a')).toMatchObject({ status: 'running', pid });
  });
});

describe('a data directory that was moved', () => {
  it.each(['on its disk', 'to another disk'])('%s keeps its engines', async (where) => {
    await here.end('SIGTERM');
    if (where === 'on its disk') renameSync(here.dataDirectory, there.dataDirectory);
    else {
      copy(here.dataDirectory, there.dataDirectory);
      rmSync(here.dataDirectory, { recursive: true });
    }
    await there.start();
    expect(await there.instance('a')).toMatchObject({ status: 'running', pid });
    const chat = { model: 'a', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 };
    expect((await there.call('POST', '/v1/chat/completions', chat)).status).toBe(200);
    expect(there.errors).not.toContain('is a copy');
  });
});
