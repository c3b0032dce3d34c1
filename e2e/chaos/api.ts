import { request } from 'node:http';
import type { Faults } from './faults.ts';
import type { Troubles } from './troubles.ts';

/** What came of a call. `cut`: the connection was refused or broke, in the words of Node. */
export type Reply =
  | { end: 'answered'; status: number; body: Record<string, unknown> }
  | { end: 'cut'; failure: string; wasSent: boolean }
  | { end: 'hung' };

/** Far beyond what any call may take, with all that may be done to the server meanwhile. */
const DEADLINE_MS = 60_000;

type Answered = Reply & { end: 'answered' };

/** Calls the server, and knows what may come of it. */
export class Api {
  readonly #port: number;
  readonly #troubles: Troubles;
  readonly #faults: Faults;
  /** Answers, by what was asked and what came. */
  readonly counts = new Map<string, number>();

  constructor(port: number, troubles: Troubles, faults: Faults) {
    this.#port = port;
    this.#troubles = troubles;
    this.#faults = faults;
  }

  async call(request: ApiCall, what: string): Promise<Reply> {
    const from = performance.now();
    const reply = await call(this.#port, request);
    this.count(what, reply.end === 'answered' ? (codeOf(reply) ?? String(reply.status)) : reply.end);
    if (reply.end === 'hung') this.#faults.add('a call without an end', `${request.method} ${request.path}`);
    if (reply.end === 'cut' && !this.#troubles.explain('server', from)) {
      this.#faults.add('a call cut without a cause', `${request.method} ${request.path}: ${reply.failure}`);
    }
    return reply;
  }

  /** An answer that is no success may be one of those that say why it cannot be, and nothing else. */
  refused({ status, body }: Answered, what: string): void {
    if (status < 500 && status !== 400) return;
    if (ALLOWED.has(codeOf({ body }) ?? '')) return;
    const isFull =
      typeof body['error'] === 'string' &&
      body['error'].startsWith('This could not be stored: the disk of data_dir is full');
    if (status === 500 && isFull && this.#troubles.explain('disk', performance.now())) return;
    this.#faults.add('an answer that may not be', `${what}: ${status} ${JSON.stringify(body)}`);
  }

  count(what: string, came: string): void {
    const key = `${what}: ${came}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/** The server stops or begins; the engine of a start that was waited for did not come up. */
const ALLOWED = new Set(['SHUTTING_DOWN', 'START_FAILED']);

/** What an error is called; `null`: it is none. */
export function codeOf({ body }: Pick<Answered, 'body'>): string | null {
  return typeof body['code'] === 'string' ? body['code'] : null;
}

/** Calls a server, over a connection of its own each time: one that is kept may break before it is used. */
function call(port: number, { method, path, body, headers = {} }: ApiCall, deadlineMs = DEADLINE_MS): Promise<Reply> {
  const content = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve) => {
    let isHung = false;
    let isConnected = false;
    const settle = (reply: Reply): void => {
      clearTimeout(deadline);
      resolve(isHung ? { end: 'hung' } : reply);
    };
    const broken = (error: Error): void => settle({ end: 'cut', failure: error.message, wasSent: isConnected });
    const sent = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { ...type, ...headers } });
    const deadline = setTimeout(() => {
      isHung = true;
      sent.destroy(new Error('hung'));
    }, deadlineMs);
    sent.on('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    sent.on('error', broken);
    sent.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.on('error', broken);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          const read = JSON.parse(text) as Record<string, unknown>;
          settle({ end: 'answered', status: answer.statusCode ?? 0, body: read });
        } catch {
          settle({ end: 'answered', status: answer.statusCode ?? 0, body: { text } });
        }
      });
    });
    sent.end(content);
  });
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}
