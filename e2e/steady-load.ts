import http from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** Callers that never rest, and what went wrong for any of them. */
export class SteadyLoad {
  /** One line each. */
  readonly faults: string[] = [];
  /** Of every question: which loop asked, when (`performance.now()`), and how long the answer took, milliseconds. */
  readonly answers: { loop: number; at: number; ms: number }[] = [];
  streamed = 0;
  connected = 0;
  readonly #port: number;
  readonly #loops: Promise<void>[] = [];
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * One question after the other: over one connection that is kept, or each over a new one.
   *
   * @param pauseMs Between two of them.
   */
  ask(kind: 'kept' | 'new', path: string, pauseMs = 0): void {
    const agent = kind === 'kept' ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : false;
    const loop = this.#loops.length;
    this.#loop(async () => {
      const at = performance.now();
      const { status } = await this.#call(`${kind} connection`, { path, agent });
      if (status !== 200) this.faults.push(`${kind} connection: ${status}`);
      this.answers.push({ loop, at, ms: performance.now() - at });
      if (pauseMs > 0) await pause(pauseMs);
    });
  }

  /** One stream of so many events after the other. */
  stream(model: string, events: number): void {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const body = JSON.stringify({ model, stream: true, max_tokens: events });
    this.#loop(async () => {
      const { text } = await this.#call('stream', { method: 'POST', path: '/v1/completions', agent }, body);
      const wanted = Array.from({ length: events }, (_, index) => `data: ${index}\n\n`).join('');
      if (text !== `${wanted}data: [DONE]\n\n`) this.faults.push(`stream: ${text.slice(-200)}`);
      this.streamed += 1;
    });
  }

  /** So many connections at once, again and again, each of which asks one thing. */
  storm(width: number): void {
    this.#loop(async () => {
      await Promise.all(Array.from({ length: width }, () => this.#knock()));
    });
  }

  /** Resolves when no request is in flight any more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  #loop(turn: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      while (!this.#isOver) await turn();
    };
    this.#loops.push(run());
  }

  async #knock(): Promise<void> {
    try {
      const socket = connect(this.#port, '127.0.0.1');
      await once(socket, 'connect');
      this.connected += 1;
      socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const bytes of socket) text += String(bytes);
      if (!text.startsWith('HTTP/1.1 200')) this.faults.push(`storm: ${JSON.stringify(text.slice(0, 60))}`);
    } catch (error) {
      this.faults.push(`storm: ${String(error)}`);
    }
  }

  async #call(who: string, options: http.RequestOptions, body?: string): Promise<{ status: number; text: string }> {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = http.request({ host: '127.0.0.1', port: this.#port, headers, ...options });
    request.end(body);
    try {
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      let text = '';
      for await (const bytes of answer) text += String(bytes);
      return { status: answer.statusCode ?? 0, text };
    } catch (error) {
      this.faults.push(`${who}: ${String(error)}`);
      return { status: 0, text: '' };
    }
  }
}
