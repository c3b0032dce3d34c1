import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Requests } from '@llamactl/server/gateway/requests';
import { testServer, type TestServer } from '@llamactl/server/testing/http-harness';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';

const BEGAN = Date.parse('2026-03-01T12:00:00Z');

let now: number;
let requests: Requests;
let cancelled: string[];
let test: TestServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  now = BEGAN;
  cancelled = [];
  requests = new Requests({ clock: { now: () => now, elapsed: () => now } });
  test = testServer({ requests });
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  await test.server.close();
  sandbox.dispose();
});

function begin(id: string, caller = 'user:ann'): ReturnType<Requests['begin']> {
  const facts = { id, caller, instance: 'llama', model: 'llama', method: 'POST', path: '/v1/chat/completions' };
  return requests.begin({ ...facts, door: 'v1', stream: true, userAgent: null }, () => cancelled.push(id));
}

describe('requests in flight', () => {
  it('are a table, followed by finished ones with -n', async () => {
    const over = begin('11111111-1111');
    over.leased('llama');
    now += 2_000;
    over.end('ok', 200);
    begin('22222222-2222', 'key:7 (editor)').leased('llama');
    const shown = async (...words: string[]): Promise<string[]> =>
      screenAfter((await sandbox.run(['requests', ...words], { columns: 100, now: now + 3_000 })).stdout);
    expect(await shown()).toEqual([
      'ID        INSTANCE  STATE       AGE  TTFT  IN  OUT  T/S  CALLER          PATH',
      '22222222  llama     processing   3s     -   -    -    -  key:7 (editor)  /v1/chat/completions',
    ]);
    expect((await shown('-n', '5')).slice(2)).toEqual([
      '11111111  llama     ok           2s     -   -    -    -  user:ann        /v1/chat/completions',
    ]);
  });

  it('are followed by refused ones, one row for all of a minute', async () => {
    const refused = { id: '33333333-3333', caller: 'address:192.0.2.7', key: null, method: 'POST', userAgent: null };
    const error = { status: 401, code: 'UNAUTHORIZED', message: 'This key is not known.' } as const;
    for (const path of ['/v1/models', '/v1/chat/completions'])
      requests.noteRefusal({ ...refused, ...error, door: 'v1', path });
    const { stdout } = await sandbox.run(['requests', '-n', '5'], { columns: 100, now });
    expect(screenAfter(stdout).at(1)).toMatch(/^33333333  -  +refused \(2x\) .* address:192\.0\.2\.7  \/v1\/models$/);
  });

  it("are the API's response with --json, and ids with -q", async () => {
    begin('22222222-2222');
    const { stdout } = await sandbox.run(['requests', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ in_flight: [{ id: '22222222-2222' }], finished: [] });
    expect((await sandbox.run(['requests', '-q'])).stdout).toBe('22222222-2222\n');
  });

  it('prints a note if there are none', async () => {
    expect(await sandbox.run(['requests'])).toMatchObject({
      status: 0,
      stderr: 'no requests in flight; to list finished ones: llamactl requests -n 20\n',
    });
  });

  it('are cancelled by the prefix of their id', async () => {
    begin('22222222-2222');
    begin('33333333-3333');
    expect(await sandbox.run(['requests', 'cancel', '3333'])).toMatchObject({
      status: 0,
      stderr: '1 request cancelled\n',
    });
    expect(cancelled).toEqual(['33333333-3333']);
    expect((await sandbox.run(['requests', 'cancel', 'unknown'])).status).toBe(3);
  });
});
