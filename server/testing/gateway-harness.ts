import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
  type Server,
  ServerResponse,
} from 'node:http';
import { connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { ApiError } from '@llamactl/contract/errors';
import { systemClock } from '../clock.ts';
import { Bodies } from '../gateway/bodies.ts';
import { BodyBudget } from '../gateway/body-budget.ts';
import { closedToCallers } from '../gateway/crossing.ts';
import { DIALECTS } from '../gateway/dialects.ts';
import { findInstance } from '../gateway/failures.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { GatewayInstance, GatewayInstances, MeasureSendQueues } from '../gateway/gateway-ports.ts';
import { Requests } from '../gateway/requests.ts';
import type { Crossing } from '../instances/ports/engine-adapter.ts';
import type { PortWitness } from '../instances/ports/listening-ports.ts';
import type { Clock } from '../instances/ports/time.ts';
import { NO_TRACE, type Trace } from '../instances/ports/trace.ts';
import { type Lease, EngineDied, type LeasedRecord, Leases } from '../instances/slots/leases.ts';
import { SlicedWork } from '../sliced-work.ts';

/** For tests of the gateway: engines that a test programs, instances that run on them, and a caller. */

/** A server that listens on loopback. `close` also ends its connections. */
export interface Listening {
  port: number;
  close(): Promise<void>;
}

/** Listens on a free port that the system chooses. */
export async function listen(server: NetServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listens on no port');
  return {
    port: address.port,
    close: async () => {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Answers a request to an engine. If it throws, the connection breaks. */
export type Serve = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Starts an engine that passes every request to `serve`. */
export async function startEngine(serve: Serve, prepare?: (server: Server) => void): Promise<Listening> {
  const server = createServer((request, response) => {
    Promise.resolve(serve(request, response)).catch((error: Error) => response.destroy(error));
  });
  prepare?.(server);
  return listen(server);
}

/** An instance of a test: the port of its engine, and the fields that it shows. */
export type FakeInstance = Partial<GatewayInstance> & {
  name: string;
  port: number;
  key?: string;
  settings?: LeasedRecord['settings'];
  /** Whether its engine was launched without prompt caching. */
  isolated?: boolean;
  witness?: PortWitness;
  /** Takes the reuse of each prompt, as after a restored context. */
  onReused?: Lease['reused'];
};

interface Entry extends GatewayInstance {
  port: number;
  key: string | null;
  settings: LeasedRecord['settings'];
  isolated: boolean;
  witness?: PortWitness;
  onReused?: Lease['reused'];
  leases: Leases;
  /** Number of the run. */
  run: number;
  /** Requests that wait for a restart. */
  waiting: Set<() => void>;
}

/** A fixed set of instances with real leases. Tests change their fields. */
export class FakeInstances implements GatewayInstances {
  readonly #entries: Entry[];

  constructor(instances: readonly FakeInstance[]) {
    this.#entries = instances.map((instance) => ({
      engine: 'llama_cpp',
      status: 'running',
      aliases: [],
      unlisted: false,
      on_demand: true,
      reason: null,
      created_at: '2026-01-02T03:04:05Z',
      key: null,
      settings: {},
      isolated: false,
      ...instance,
      leases: new Leases(),
      run: 1,
      waiting: new Set(),
    }));
  }

  list(): readonly GatewayInstance[] {
    return this.#entries;
  }

  acquire: GatewayInstances['acquire'] = async ({ instance: name, signal, after, onWaiting }) => {
    signal.throwIfAborted();
    const entry = this.#entry(name);
    if (entry === undefined) throw new ApiError('INSTANCE_NOT_FOUND', 'There is no such instance.');
    if (after !== undefined && entry.status === 'restarting') {
      onWaiting?.();
      await this.#over(entry, signal);
    }
    if (entry.status !== 'running') {
      throw new ApiError(
        'INSTANCE_NOT_RUNNING',
        `It is ${entry.status}.`,
        entry.reason === null ? {} : { reason: entry.reason },
      );
    }
    const { port, key, settings, run, witness } = entry;
    const target = {
      port,
      healthPath: '/health',
      key,
      isolated: entry.isolated,
      ...(witness === undefined ? {} : { witness }),
    };
    const record = { id: entry.name, settings };
    const origin = { instance: entry.name, run, stops: 0 };
    const lease = entry.leases.grant(entry.name, target, record, origin);
    return entry.onReused === undefined ? lease : { ...lease, reused: entry.onReused };
  };

  /** Resolves when the restart of the instance is over. */
  async #over(entry: Entry, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      entry.waiting.add(resolve);
      signal.addEventListener('abort', () => {
        entry.waiting.delete(resolve);
        reject(signal.reason as Error);
      });
    });
  }

  /** How many requests wait for a restart. */
  waiting(name: string): number {
    return this.#entry(name)?.waiting.size ?? 0;
  }

  /** Does what the domain does when an engine exits by itself and is restarted. */
  die(name: string): void {
    Object.assign(this.#entry(name) ?? {}, { status: 'restarting', reason: 'it was killed' });
    this.leases(name).close(new EngineDied());
  }

  /** Does what the domain does when a restart is over. @param change `port`: the port of the next run. */
  comeBack(name: string, change: { status: GatewayInstance['status']; reason?: string; port?: number }): void {
    const entry = this.#entry(name);
    if (entry === undefined) throw new Error(`no instance ${name}`);
    Object.assign(entry, { run: entry.run + 1, reason: null, ...change });
    for (const resolve of entry.waiting) resolve();
    entry.waiting.clear();
  }

  leases(name: string): Leases {
    const entry = this.#entry(name);
    if (entry === undefined) throw new Error(`no instance ${name}`);
    return entry.leases;
  }

  /** Does what the domain does when an engine dies or a drain times out. */
  end(name: string, status: GatewayInstance['status'], reason: string | null = null): void {
    Object.assign(this.#entry(name) ?? {}, { status, reason });
    this.leases(name).close();
  }

  #entry(name: string): Entry | undefined {
    const found = findInstance(this.#entries, name);
    return this.#entries.find((entry) => entry === found);
  }
}

/** A server that has only the gateway. */
export interface GatewayServer extends Listening {
  instances: FakeInstances;
  gateway: Gateway;
  requests: Requests;
  /** The memory for bodies. */
  budget: BodyBudget;
  /** Serves a connection that did not come through the listener, such as one through the door of a reload. */
  take(connection: Socket): void;
}

/** The inference paths of the engine `llama_cpp` in these tests. */
const INFERENCE_PATHS = new Set(['/v1/chat/completions', '/v1/completions', '/v1/messages']);

/** A clock whose timers fire at once, because a dead engine of a test needs no time to go. */
const IMPATIENT: Pick<Clock, 'after' | 'elapsed'> = {
  elapsed: () => performance.now(),
  after: (_milliseconds, callback) => {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};

/** Measures no send queues, like a system that does not report them. */
const NO_QUEUES: MeasureSendQueues = (_connections, found) => found(new Map());

export interface GatewayOptions {
  mayStart?: boolean;
  aliasesInModels?: boolean;
  loadingKeepaliveSeconds?: number;
  crossings?: readonly Crossing[];
  measureSendQueues?: MeasureSendQueues;
  /** Bytes for bodies; default: enough for all. */
  bodyMemory?: number;
  /** The clock for bodies that wait for memory. */
  bodyClock?: Clock;
  /** The account whose share of that memory a request uses; default: one account for all. */
  accountOf?: (request: IncomingMessage) => string;
  trace?: Trace;
  /** The models of the machine, by name. */
  library?: readonly string[];
}

export async function startGateway(
  fakes: readonly FakeInstance[],
  clock = IMPATIENT,
  {
    mayStart = true,
    aliasesInModels = false,
    loadingKeepaliveSeconds = 0,
    crossings = [],
    measureSendQueues = NO_QUEUES,
    bodyMemory = 2 ** 40,
    bodyClock = systemClock(),
    accountOf = () => 'test',
    trace = NO_TRACE,
    library = [],
  }: GatewayOptions = {},
): Promise<GatewayServer> {
  const instances = new FakeInstances(fakes);
  const budget = new BodyBudget({ clock: bodyClock, bytes: bodyMemory });
  const requests = new Requests({ clock: systemClock() });
  const gateway = createGateway({
    // Turns of the event loop are real, because the sockets are real.
    clock: {
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
      elapsed: () => clock.elapsed(),
      nextTurn: (callback) => void setImmediate(callback),
    },
    bodies: new Bodies({ clock: bodyClock, work: new SlicedWork(bodyClock), budget }),
    requests,
    inferencePaths: (engine) => (engine === 'llama_cpp' ? INFERENCE_PATHS : new Set()),
    settings: { loadingKeepaliveSeconds, aliasesInModels },
    measureSendQueues,
    closed: closedToCallers(crossings),
    trace,
  });
  const serve = (request: IncomingMessage, response: ServerResponse, head: Buffer | null): void => {
    const url = request.url ?? '';
    const [, instance] = /^\/api\/instances\/([^/]+)\/proxy/.exec(url) ?? [];
    const headers = ['X-Request-Id', 'request-1'];
    const context = {
      requestId: 'request-1',
      caller: 'test',
      author: { account: { id: 'u1', name: 'ada' }, key: null },
      account: accountOf(request),
      mayStart,
      problemsInLibrary: (model: string) => (library.includes(model) ? [] : null),
      url,
      headers,
      instances,
      instance: instance ?? null,
      upgradeHead: head,
      holders: [],
      onAdmitted: () => undefined,
      shutOut: null,
      onRecord: () => undefined,
      onLease: () => undefined,
    };
    gateway.serve(request, response, context).catch((error: unknown) => answerError(error, url, response));
  };
  const server = createServer((request, response) => serve(request, response, null));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    serve(request, response, head);
  });
  const take = (connection: Socket): void => void server.emit('connection', connection);
  return { ...(await listen(server)), instances, gateway, requests, budget, take };
}

/** Gateways, each with one engine as instance `a`. Call `close` in `afterEach` to end them all. */
export class Bench {
  readonly #open: Listening[] = [];

  /** Starts a gateway and an engine that the test programs. */
  async before(serve: Serve, more: Partial<FakeInstance> = {}): Promise<GatewayServer> {
    const engine = await startEngine(serve);
    this.#open.push(engine);
    return this.beforePort(engine.port, more);
  }

  /** Starts a gateway and an engine on raw bytes; `serve` runs when the first bytes of a request have arrived. */
  async beforeRaw(serve: (socket: Socket) => void): Promise<GatewayServer> {
    const server = createNetServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => serve(socket));
    });
    const engine = await listen(server);
    this.#open.push(engine);
    return this.beforePort(engine.port);
  }

  async beforePort(port: number, more: Partial<FakeInstance> = {}): Promise<GatewayServer> {
    const gateway = await startGateway([{ name: 'a', port, key: 'run-key', ...more }]);
    this.#open.push(gateway);
    return gateway;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((each) => each.close()));
  }
}

/** A complete answer. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  rawTrailers: string[];
  body: Buffer;
  text: string;
}

/** Sends a request and reads the whole answer. Rejects if the answer breaks off. */
export async function call(
  port: number,
  path: string,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    ...options,
  });
  request.end(body);
  return readAnswer(await answerOf(request));
}

/** Resolves with the answer as soon as its head has arrived. */
export async function answerOf(request: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer;
}

export async function readAnswer(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { statusCode = 0, headers, rawTrailers } = answer;
  return { status: statusCode, headers, rawTrailers, body, text: body.toString() };
}

/** A connection for raw bytes. `received` returns everything so far. Errors end the connection. */
export interface RawConnection {
  socket: Socket;
  received: () => string;
  /** Resolves when the connection is closed, with the error's code or `clean`. */
  gone: Promise<string>;
}

/** @param address Port on loopback, or path of a Unix socket. */
export function rawConnection(address: number | string, request: string): RawConnection {
  const socket = typeof address === 'string' ? connect(address) : connect(address, '127.0.0.1');
  const chunks: Buffer[] = [];
  let code = 'clean';
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.message;
  });
  const gone = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(code));
  });
  socket.write(request);
  return { socket, received: () => Buffer.concat(chunks).toString('latin1'), gone };
}

/** Resolves with a number once 15 checks in a row returned the same. */
export async function settled(look: () => number): Promise<number> {
  let last = look();
  for (let same = 0; same < 15;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    same = look() === last ? same + 1 : 0;
    last = look();
  }
  return last;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function answerError(error: unknown, url: string, response: ServerResponse): void {
  if (!(error instanceof ApiError)) throw error;
  const shape = DIALECTS.filter(({ prefix }) => url.startsWith(prefix)).toSorted(
    (one, other) => other.prefix.length - one.prefix.length,
  )[0];
  const { body, headers } = shape?.render(error, 'request-1') ?? {
    body: { ...error.extras, code: error.code, error: error.message },
    headers: {},
  };
  response.writeHead(error.status, { 'content-type': 'application/json', ...error.extras.headers, ...headers });
  response.end(JSON.stringify(body));
}
