import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { ConfigSchema, type Config } from '@llamactl/contract/config';
import { ErrorSchema, type ErrorBody } from '@llamactl/contract/errors';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { BodyBudget } from '../gateway/body-budget.ts';
import { apiBodyBudget } from '../http/bodies/metered-body.ts';
import { Requests } from '../gateway/requests.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEngines } from './fake-engines.ts';
import { FakeManager } from './fake-manager.ts';
import {
  FAKE_FIGURES,
  FAKE_METRICS,
  FakeAudit,
  FakeConfigEditor,
  FakeFleet,
  OFFLINE_HUB,
  NO_DOWNLOADS,
  NO_HISTORY,
  HEALTHY,
  openDoor,
} from './fake-services.ts';
import { apiOperations } from '../http/api-operations.ts';
import type { Operations } from '../http/operations.ts';
import { BrowserCookie } from '../http/edge/browser-cookie.ts';
import { clientAddresses } from '../http/edge/client-address.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../http/server.ts';
import { UsageLedger } from '../metrics/usage-ledger.ts';
import { NO_MODELS } from '../models/library.ts';
import { fixedEstimator } from './small-machine.ts';
import { OwnLog } from '../service/own-log.ts';
import { SlicedWork } from '../sliced-work.ts';
import { NOT_LIMITED } from '../http/edge/rate-limit.ts';

/** For tests of the HTTP server: a server with a fake manager, and callers that send valid or invalid HTTP. */

export interface TestServer {
  server: HttpServer;
  /** The operations of the same services, without HTTP. */
  operations: Operations;
  manager: FakeManager;
  clock: FakeClock;
  /** The memory for bodies under `/api`. */
  budget: BodyBudget;
  /** The log, one object for each line. */
  log: Record<string, unknown>[];
  /** Sends a request without a socket. The `Host` is allowed, unless the test sets another. */
  inject: (options: InjectOptions) => Promise<LightMyRequestResponse>;
}

export function testConfig(
  changes: { server?: Partial<Config['server']>; auth?: Partial<Config['auth']> } = {},
): Config {
  return ConfigSchema.parse(changes);
}

export function testServer(parts: Partial<HttpServerOptions> = {}): TestServer {
  const manager = new FakeManager();
  const clock = new FakeClock();
  const log: Record<string, unknown>[] = [];
  const budget = parts.bodyBudget ?? apiBodyBudget(parts.clock ?? clock);
  const all: HttpServerOptions = {
    manager,
    auth: openDoor(),
    audit: new FakeAudit(),
    limits: { count: () => NOT_LIMITED },
    clientAddress: clientAddresses([]),
    fleet: new FakeFleet(),
    engines: new FakeEngines(),
    models: NO_MODELS,
    hub: OFFLINE_HUB,
    estimator: fixedEstimator,
    downloads: NO_DOWNLOADS,
    configEditor: new FakeConfigEditor(),
    reload: () => true,
    metrics: FAKE_METRICS,
    figures: FAKE_FIGURES,
    requests: new Requests({ clock }),
    usage: new UsageLedger(clock),
    alerts: () => [],
    testAlerts: async () => [{ receiver: 'alerts.webhook', error: null }],
    history: NO_HISTORY,
    ownLog: new OwnLog(),
    doctor: HEALTHY,
    config: testConfig(),
    log: pino(
      { level: 'debug' },
      { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    clock,
    work: new SlicedWork(parts.clock ?? clock),
    bodyBudget: budget,
    readiness: () => 'ok',
    hostname: 'box',
    cookie: new BrowserCookie('of-test'),
    isFirstPasswordInFile: async () => false,
    page: { read: async () => null },
    version: '0.1.0',
    ...parts,
  };
  const server = createHttpServer(all);
  const inject = async (options: InjectOptions): Promise<LightMyRequestResponse> =>
    server.app.inject({ ...options, headers: { host: 'localhost:8080', ...options.headers } });
  return { server, operations: apiOperations(all), manager, clock, log, budget, inject };
}

/** An answer as received from the socket. */
export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Sends raw bytes, and reads until the server ends the connection or `answers` answers have arrived. */
export async function exchange(port: number, request: string | Buffer, answers = 1): Promise<RawAnswer[]> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        if (parseAnswers(Buffer.concat(chunks)).length >= answers) resolve();
      });
      // The server may reset the connection after its answer; the received bytes count.
      socket.on('error', (error) => (chunks.length > 0 ? resolve() : reject(error)));
      socket.on('close', () => resolve());
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
  return parseAnswers(Buffer.concat(chunks));
}

/** Opens a connection on which a test writes raw bytes. Errors end the connection. */
export function openSocket(port: number, request = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(request);
  return socket;
}

/** Resolves with everything received until the connection ends. A reset counts as an end: the server may leave bytes unread. */
export async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** A plain GET request. */
export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** Reads an example of the API reference. */
export async function example(name: string): Promise<object> {
  return JSON.parse(await readFile(new URL(`../../contract/fixtures/${name}.json`, import.meta.url), 'utf8')) as object;
}

/** A server with one instance and no recorded calls. */
export async function serverWithInstance(name = 'my-instance'): Promise<TestServer> {
  const test = testServer();
  await test.manager.create({ name, model_path: '/m.gguf' });
  test.manager.calls.length = 0;
  return test;
}

/** Parses the complete answers at the beginning of the bytes, without interim ones (1xx). */
function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; ;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [line = '', ...fields] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = new Map(
      fields.map((field) => [field.split(':', 1)[0]?.toLowerCase() ?? '', field.replace(/^[^:]*: */, '')]),
    );
    const length = Number(headers.get('content-length') ?? 0);
    const body = rest.subarray(end + 4, end + 4 + length);
    if (body.length < length) return answers;
    const status = Number(line.split(' ')[1]);
    if (status >= 200) answers.push({ status, headers, body: body.toString() });
    rest = rest.subarray(end + 4 + length);
  }
}

/** Parses the body of an error. Fails the test if the body does not match the contract. */
export function errorOf(text: string): ErrorBody {
  return ErrorSchema.strict().parse(JSON.parse(text));
}

/** Expects every field of the example in the answer, with the example's type. */
export function expectShape(answer: unknown, shown: unknown, path = '$'): void {
  if (Array.isArray(shown)) {
    expect(answer, path).toBeInstanceOf(Array);
    expectShape((answer as unknown[])[0], shown[0] as unknown, `${path}[0]`);
  } else if (typeof shown === 'object' && shown !== null) {
    for (const [key, value] of Object.entries(shown)) {
      expect(answer, path).toHaveProperty([key]);
      expectShape((answer as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else {
    expect(typeof answer, path).toBe(typeof shown);
  }
}
