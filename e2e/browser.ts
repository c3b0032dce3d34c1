import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Longest time for a browser to start. */
const PATIENCE_MS = 30_000;

/** A page in a Chromium without a window, spoken to by the protocol of its developer tools. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #waiting = new Map<string, () => void>();
  #count = 0;
  /** What the page complained of: its errors, what it could not load or was forbidden. */
  readonly complaints: string[] = [];
  /** Every address that it asked for. */
  readonly requested: string[] = [];

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)) as Message));
  }

  /** @param own More flags of its command line. */
  static async start(program: string, own: readonly string[] = []): Promise<Browser> {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'llamactl-browser-'));
    // Its sandbox does not work for root; the pages are ours.
    const flags = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--ignore-certificate-errors',
    ];
    const way = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, ...own, 'about:blank'];
    const child = spawn(program, [...flags, ...way], { stdio: 'ignore' });
    const port = await portOf(profile);
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(pages[0]?.webSocketDebuggerUrl ?? '');
    await once(socket, 'open');
    const browser = new Browser(child, profile, socket);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** Resolves when everything that belongs to the page is there. */
  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#waiting.set('Page.loadEventFired', resolve));
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** Resolves like `open`, or at once to `false` when the browser shows nothing: it saves the answer as a file. */
  async opens(url: string): Promise<boolean> {
    const loaded = new Promise<void>((resolve) => this.#waiting.set('Page.loadEventFired', resolve));
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText !== undefined) return false;
    await loaded;
    return true;
  }

  /** What an expression is in the page. @throws {Error} what it throws */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as { result?: { value?: unknown }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result?.value;
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = (this.#count += 1);
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #hear({ id, method = '', params = {}, ...rest }: Message): void {
    if (id !== undefined) this.#answers.get(id)?.(rest);
    this.#waiting.get(method)?.();
    if (method === 'Network.requestWillBeSent') this.requested.push((params['request'] as { url: string }).url);
    const isWarning = method === 'Log.entryAdded' || method === 'Runtime.consoleAPICalled';
    if (isWarning || method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params));
  }
}

/** It writes where it listens into its profile. */
async function portOf(profile: string): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const text = await readFile(path.join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const [port = ''] = text.split('\n');
    if (port !== '') return port;
    if (Date.now() > deadline) throw new Error('the browser does not begin');
    await pause(20);
  }
}
