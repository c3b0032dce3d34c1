import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { CommandLineProcess } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** `llamactl events --trace` of the real server with the real engine. */

let server: ServerProcess;
let events: CommandLineProcess;

beforeEach(async () => {
  server = await ServerProcess.create('groups: { one: { max_running: 1 } }');
  await server.start();
  for (const name of ['a', 'b']) {
    const settings = {
      model_path: await testModel(),
      options: { ctx_size: 256 },
      group: 'one',
      aliases: [`org/${name}`],
    };
    expect((await server.call('POST', '/api/instances', { name, ...settings })).status).toBe(201);
  }
  events = new CommandLineProcess(['events', '--trace'], { HOME: server.home, LLAMACTL_URL: server.url });
});

afterEach(async () => {
  events.child.kill('SIGKILL');
  await server.dispose();
});

const ask = async (model: string): Promise<void> => {
  const { status } = await server.call('POST', '/v1/completions', { model, prompt: 'A secret', max_tokens: 4 });
  expect(status).toBe(200);
};
const prints = (pattern: RegExp): Promise<void> =>
  vi.waitFor(() => expect(events.stdout).toMatch(pattern), { timeout: 15_000 });
/** The event that a client subscribed before: it prints decisions from then on. */
const subscribed = (): Promise<void> =>
  vi.waitFor(
    async () => {
      await server.call('POST', '/v1/completions', { model: 'nothing', prompt: 'x' });
      expect(events.stdout).toContain('no instance has the name or alias "nothing"');
    },
    { timeout: 15_000, interval: 100 },
  );

describe('events --trace', () => {
  it('shows a start, an eviction and a restart with their reasons, and no prompt', async () => {
    await subscribed();
    await ask('org/a');
    await prints(/a +route +gets a request: "org\/a" is its alias/);
    await prints(/a +request +is started by a request, because it is stopped/);
    await prints(/a +slot +gets a slot: no limit is in its way/);
    await prints(/a +stopped → starting/);
    await prints(/a +request +serves a request that waited [\d.]+ m?s/);

    await ask('b');
    await prints(/b +slot +waits for a slot: its group allows 1, and 1 is taken/);
    await prints(/a +eviction +is stopped for b: no request has used it for/);

    process.kill((await server.instance('b')).pid ?? 0, 'SIGKILL');
    await prints(/b +restart +restarts in [\d.]+ m?s \(restart 1 in a row, at most 5\), after: /);
    await prints(/b +running → restarting/);
    expect(events.stdout).not.toContain('A secret');
    expect(server.errors).not.toContain('Decision');
  });
});
