import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ServerProcess } from '@llamactl/e2e/server-process';
import { Connection } from '../harness/connection.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { consumptionOf } from '../harness/usage.ts';

const LIST = '/api/instances';
/** The kernel counts CPU in hundredths of a second: with fewer requests the sum would be too coarse. */
const ROUNDS = 10;
const REQUESTS_A_ROUND = 2_000;
/** Of each server: until all of it is compiled, a request costs less with every thousand. */
const WARM_UP = 40_000;

/** A caller that sends requests one after the other on its own connection. */
interface Asker {
  pid: number;
  connection: Connection;
}

/** What it costs to find out who asks. */
export const access: Scenario = {
  name: 'access',
  title: 'a request without accounts, with a token, with a key',
  method:
    '`GET /api/instances` of a server without instances, on a connection that is kept open: the cheapest request that needs a role. ' +
    'Two servers, one with accounts off and one with accounts on, which gets requests with a token and with a key, by turns with the ' +
    'first: ten times 2 000 requests of each, after 40 000 warm-up requests to each server. CPU is that of the server.',
  figures: [
    { key: 'anonymous', what: 'CPU of a request, accounts off', unit: 'µs' },
    { key: 'token', what: 'CPU of a request with a token', unit: 'µs' },
    { key: 'key', what: 'CPU of a request with a key', unit: 'µs' },
    { key: 'moreWithToken', what: 'what a token adds', unit: 'µs', most: 10 },
    { key: 'moreWithKey', what: 'what a key adds', unit: 'µs', most: 10 },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const off = await startedServer(bench, false);
    const on = await startedServer(bench, true);
    const token = await tokenOf(on);
    const anonymous = await asker(bench, off, '');
    const withToken = await asker(bench, on, `Authorization: Bearer ${token}\r\n`);
    const withKey = await asker(bench, on, `Authorization: Bearer ${await keyOf(on, token)}\r\n`);
    const rounds = bench.isQuick ? 2 : ROUNDS;
    const requests = bench.isQuick ? 200 : REQUESTS_A_ROUND;
    // Each server is asked as often as the other, so that neither is warmer.
    const turns = [anonymous, withToken, anonymous, withKey] as const;
    for (const { connection } of turns) await ask(bench, connection, bench.isQuick ? requests : WARM_UP / 2);
    return async () => {
      const cpuMs = [0, 0, 0, 0];
      for (let round = 0; round < rounds; round += 1) {
        for (const [turn, { pid, connection }] of turns.entries()) {
          const { cpuMs: used } = await consumptionOf(pid, () => ask(bench, connection, requests));
          cpuMs[turn] = (cpuMs[turn] ?? 0) + used;
        }
      }
      const [first = 0, ofToken = 0, second = 0, ofKey = 0] = cpuMs.map((ms) => (ms * 1_000) / (rounds * requests));
      return {
        anonymous: (first + second) / 2,
        token: ofToken,
        key: ofKey,
        moreWithToken: ofToken - first,
        moreWithKey: ofKey - second,
      };
    };
  },
};

async function ask({ signal }: Bench, connection: Connection, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const { status } = await connection.request('GET', LIST);
    if (status !== 200) throw new Error(`GET ${LIST} answered ${status}`);
  }
  signal.throwIfAborted();
}

async function startedServer({ belongings }: Bench, withAccounts: boolean): Promise<ServerProcess> {
  const server = await ServerProcess.create(withAccounts ? 'auth: { enabled: true }\n' : '');
  belongings.add(() => server.dispose());
  await server.start();
  return server;
}

async function asker({ belongings }: Bench, { port, pid }: ServerProcess, fields: string): Promise<Asker> {
  const connection = await Connection.open(port, fields);
  belongings.add(async () => connection.close());
  return { pid, connection };
}

async function tokenOf(server: ServerProcess): Promise<string> {
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  const { status, body } = await server.call('POST', '/api/auth/login', { username: 'admin', password });
  if (status !== 200) throw new Error(`the login answered ${status}`);
  return String(body['token']);
}

async function keyOf({ port }: ServerProcess, token: string): Promise<string> {
  const connection = await Connection.open(port, `Authorization: Bearer ${token}\r\n`);
  const { status, body } = await connection.request('POST', '/api/keys', { name: 'bench', scopes: ['admin'] });
  connection.close();
  if (status !== 201) throw new Error(`the key was answered with ${status}`);
  return (JSON.parse(body.toString()) as { key: string }).key;
}
