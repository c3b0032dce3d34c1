import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sampleInstance } from './sample-instance.ts';
import type { AddressInfo } from 'node:net';
import type { ChatChunk, ChatRequest, CreateInstance, Instance, Model } from '@llamactl/client';

/** Answers a question, or refuses it. */
export type Answerer = (response: ServerResponse, question: ChatRequest) => void | Promise<void>;

/** A fake server with all that chatting needs; a test controls each step. It can go away and come back. */
export class ChatServer {
  readonly instances = new Map<string, Instance>();
  /** The obstacle to a start, by instance. */
  readonly obstacles = new Map<string, string>();
  /** All questions, oldest first. */
  readonly questions: ChatRequest[] = [];
  /** The effect of a start. Default: the instance runs at once. */
  onStart: (instance: Instance) => void = (instance) => {
    instance.status = 'running';
  };
  /** The models that the server has found. */
  models: Model[] = [];
  /** The message of a refusal of all starts, because the model file is missing; `null`: starts are not refused. */
  missingModel: string | null = null;
  /** The arguments for companions in the launch of each created instance. */
  companions: string[] = [];
  /** The name of an instance whose creation is refused; `null`: none is. */
  refusedInstance: string | null = null;
  /** How many more requests the rate limit refuses. */
  refusals = 0;
  /** How many more lists of models say that the first scan still runs. */
  scans = 0;
  /** Answers of other requests, by method and path; each is used up in order, and the last one stays. */
  readonly others = new Map<string, unknown[]>();
  /** Other requests that were answered, oldest first. */
  readonly asked: string[] = [];
  /** Their bodies. */
  readonly bodies: unknown[] = [];
  /** Used in order; the last one stays. Default: `Hello.` */
  answerers: Answerer[] = [says('Hel', 'lo.')];
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  add(name: string, fields: Partial<Instance> = {}): Instance {
    const instance = sampleInstance({ effective_command: ['llama-server'], ...fields, name });
    this.instances.set(name, instance);
    return instance;
  }

  /** Listens; after {@link leave} on the same port. */
  async listen(): Promise<this> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Stops listening and closes all connections. */
  async leave(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    if (this.refusals > 0) {
      this.refusals -= 1;
      response.setHeader('retry-after', '0');
      return send(response, 429, { error: 'Too many.', code: 'RATE_LIMITED', details: '' });
    }
    const [, name = '', action = ''] = /^\/api\/instances\/([^/?]+)\/?(\w*)/.exec(request.url ?? '') ?? [];
    const instance = this.instances.get(name);
    const other = `${request.method} ${new URL(request.url ?? '/', this.url).pathname}`;
    const answers = this.others.get(other);
    if (answers !== undefined) {
      this.asked.push(other);
      this.bodies.push(body);
      return send(response, 200, answers.length > 1 ? answers.shift() : answers[0]);
    }
    if (request.url === '/v1/chat/completions') return this.#answer(response, body as ChatRequest);
    if (request.url === '/api/models') {
      this.scans -= 1;
      const scanning = this.scans >= 0;
      return send(response, 200, { models: scanning ? [] : this.models, scanning });
    }
    const model = this.models.find(({ id }) => request.url === `/api/models/${id}`);
    if (model !== undefined) {
      return send(response, 200, { ...model, system_prompt: null, request_defaults: {}, other_parameters: {} });
    }
    if (request.url === '/readyz') return send(response, 200, { status: 'ok' });
    if (request.url === '/api/instances' && request.method === 'GET') {
      return send(response, 200, { instances: [...this.instances.values()] });
    }
    if (request.url === '/api/instances') {
      const { name: made, ...settings } = body as CreateInstance;
      if (made === this.refusedInstance)
        return send(response, 400, { error: `${made} is refused`, code: 'VALIDATION_ERROR', details: '' });
      const fields = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
      const effective_command = ['llama-server', ...this.companions];
      const instance = this.add(made, { ...fields, effective_command });
      return send(response, 201, { message: 'Instance created successfully', instance });
    }
    const obstacle = this.obstacles.get(name);
    if (obstacle !== undefined && action === 'health') {
      const checks = { process: 'stopped', port: 'closed', response: 'none' };
      const start_obstacle = { code: 'ENGINE_NOT_FOUND', message: obstacle };
      return send(response, 200, { status: 'stopped', checks, last_check: '2026-03-01T12:00:00Z', start_obstacle });
    }
    if (instance === undefined || (action !== '' && action !== 'start')) {
      return send(response, 404, { error: `There is no ${request.url}.`, code: 'INSTANCE_NOT_FOUND', details: '' });
    }
    if (request.method === 'DELETE') {
      this.instances.delete(name);
      return send(response, 200, { message: '' });
    }
    if (action === 'start' && this.missingModel !== null)
      return send(response, 409, { error: this.missingModel, code: 'MODEL_NOT_FOUND', details: '' });
    if (action === 'start') this.onStart(instance);
    send(response, 200, action === 'start' ? { message: '', status: 'starting' } : instance);
  }

  async #answer(response: ServerResponse, question: ChatRequest): Promise<void> {
    this.questions.push(question);
    const answerer = this.answerers.length > 1 ? this.answerers.shift() : this.answerers[0];
    await answerer?.(response, question);
  }
}

/** Answers with these texts, one chunk each. */
export function says(...texts: string[]): Answerer {
  return (response) => {
    for (const content of texts) sendPiece(response, { content });
    finish(response);
  };
}

/** Sends one chunk of an answer. */
export function sendPiece(
  response: ServerResponse,
  delta: ChatChunk['choices'][number]['delta'],
  rest: Partial<ChatChunk> = {},
): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = { choices: [{ index: 0, delta, finish_reason: null }], ...rest };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

/** Ends an answer as engines do. */
export function finish(response: ServerResponse, reason = 'stop'): void {
  const chunk = { choices: [{ index: 0, delta: {}, finish_reason: reason }] };
  response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
}

/** Refuses in the form of `/v1`. */
export function refuses(status: number, code: string, message: string): Answerer {
  return (response) => send(response, status, { error: { message, type: 'server_error', code, param: null } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as unknown);
}
