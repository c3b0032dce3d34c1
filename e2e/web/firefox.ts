import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Keys by their names in WebDriver. */
export const KEYS = { Escape: '\uE00C', Enter: '\uE007', Tab: '\uE004' } as const;

interface Message {
  id?: number;
  type?: string;
  method?: string;
  message?: string;
  result?: unknown;
  params?: unknown;
}

interface Tree {
  contexts: { context: string }[];
}

interface Evaluation {
  result?: { value?: unknown };
  exceptionDetails?: { text: string };
}

/** A tab of a Firefox without a window, by WebDriver BiDi: playwright cannot make one with it yet. */
export class Firefox {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  #count = 0;
  #tab = '';
  /** Errors and warnings of the console, and requests that failed. */
  readonly complaints: string[] = [];

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)) as Message));
  }

  static async start(program: string): Promise<Firefox> {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'llamactl-firefox-'));
    const args = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
    const socket = new WebSocket(`${await addressOf(child)}/session`);
    // Nothing may be left unread, or the browser waits.
    child.stderr.resume();
    await once(socket, 'open');
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send('session.new', { capabilities: {} });
    const { contexts } = (await firefox.#send('browsingContext.getTree', {})) as Tree;
    firefox.#tab = contexts[0]?.context ?? '';
    await firefox.#send('session.subscribe', { events: ['log.entryAdded', 'network.fetchError'] });
    return firefox;
  }

  /** Resolves when the document and its parts are there. */
  async open(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { context: this.#tab, url, wait: 'complete' });
  }

  /** The value of an expression in the page. @throws {Error} The expression throws. */
  async value(expression: string): Promise<unknown> {
    const target = { context: this.#tab };
    const answer = await this.#send('script.evaluate', { expression, target, awaitPromise: true });
    const { result, exceptionDetails } = answer as Evaluation;
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result?.value;
  }

  /** Types a text, or keys of `KEYS`. */
  async type(text: string): Promise<void> {
    const actions = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    const keyboard = { type: 'key', id: 'keyboard', actions };
    await this.#send('input.performActions', { context: this.#tab, actions: [keyboard] });
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#socket.close();
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #send(method: string, params: Record<string, unknown>): Promise<unknown> {
    const id = (this.#count += 1);
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { type, message, result } = await answer;
    if (type === 'error') throw new Error(`${method}: ${message}`);
    return result;
  }

  #hear(message: Message): void {
    if (message.id !== undefined) {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
      return;
    }
    const text = JSON.stringify(message.params);
    const isLog = message.method === 'log.entryAdded';
    if (!isLog || /"level":"(?:error|warn)"/.test(text)) this.complaints.push(text);
  }
}

/** The address of its WebDriver BiDi. @throws {Error} It ended before. */
async function addressOf({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('the browser has no output');
  for await (const line of createInterface({ input: stderr })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('the browser ended');
}
