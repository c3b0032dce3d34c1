import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ServerProcess } from '@llamactl/e2e/server-process';
import { Connection } from './connection.ts';
import { MEASURED_CORE, OTHER_CORE, pinned, pinnedTo } from './cores.ts';
import type { Contender } from './request-cost.ts';
import type { Bench } from './scenario.ts';

/** llamactl before an engine that answers at once. */
export interface CannedGateway {
  /** With accounts on and a key, so that every request is checked and counted. */
  llamactl: Contender;
  enginePort: number;
  /** Ends llamactl and starts it again; the engine goes on. */
  restart: () => Promise<Contender>;
}

const ENGINE = path.join(import.meta.dirname, '..', 'programs', 'canned-engine.ts');

/** Where all contenders take requests. */
export const CANNED_PATH = '/v1/chat/completions';

/** Options of llamactl before the engine. */
export interface CannedOptions {
  /** More variables of llamactl, as `NAME=value`. */
  environment?: readonly string[];
  /** Default: the bundle. */
  program?: readonly string[];
}

/** Starts both, on a core each. */
export async function cannedGateway(
  bench: Bench,
  { environment = [], program }: CannedOptions = {},
): Promise<CannedGateway> {
  const [command, ...args] = pinned(OTHER_CORE, [process.execPath, ENGINE, '${PORT}']);
  const engines = { canned: { kind: 'custom', command, args } };
  const configuration = `auth: { enabled: true }\nengines: ${JSON.stringify(engines)}\n`;
  const wrap = (): string[] => [...pinnedTo(MEASURED_CORE), ...(environment.length > 0 ? ['env', ...environment] : [])];
  const server = await ServerProcess.create(configuration, wrap, program);
  bench.belongings.add(() => server.dispose());
  await server.start();
  const token = await logIn(server);
  const admin = await Connection.open(server.port, `Authorization: Bearer ${token}\r\n`);
  bench.belongings.add(() => admin.close());
  const { port } = await ask<{ instance: { port: number } }>(admin, '/api/instances', {
    name: 'canned',
    engine: 'canned',
    health_path: '/',
  }).then(({ instance }) => instance);
  await ask(admin, '/api/instances/canned/start?wait=true', {});
  const { key } = await ask<{ key: string }>(admin, '/api/keys', { name: 'bench', scopes: ['inference'] });
  const place = { port: server.port, path: CANNED_PATH, fields: `Authorization: Bearer ${key}\r\n` };
  const restart = async (): Promise<Contender> => {
    admin.close();
    await server.end('SIGTERM');
    await server.start();
    return { pid: server.pid, place };
  };
  return { llamactl: { pid: server.pid, place }, enginePort: port, restart };
}

async function logIn(server: ServerProcess): Promise<string> {
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  const { status, body } = await server.call('POST', '/api/auth/login', { username: 'admin', password });
  if (status !== 200) throw new Error(`the login answered ${status}`);
  return String(body['token']);
}

async function ask<T>(connection: Connection, url: string, content: object): Promise<T> {
  const { status, body } = await connection.request('POST', url, content);
  if (status >= 300) throw new Error(`POST ${url} answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as T;
}
