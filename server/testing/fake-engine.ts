/**
 * A program that behaves like llama-server as far as a process manager can see, and misbehaves on demand.
 * Run it with {@link fakeEngineCommand}. It starts in about 50 ms, and writes a log like llama-server's to stderr.
 *
 *   --port N              listen on 127.0.0.1:N. Without this flag the process runs without HTTP
 *   --load-ms M           answer 503 "Loading model" to every request for M milliseconds (default 0)
 *   --never-ready         answer 503 "Loading model" without end
 *   --deaf-health         accept /health and never answer it; other paths work
 *   --tokens N            length of a completion (default 5)
 *   --token-ms M          pause before each token (default 0)
 *   --exit-after-ms M     exit after M milliseconds, with --exit-code
 *   --exit-code N         exit status (default 0). SIGUSR1 ends the process at once with this status
 *   --crash-on-load       write a loader's error (an `E` line that names --model, or a made-up file) and exit 1
 *   --hang-on-sigterm     ignore SIGTERM
 *   --log-flood N         write N numbered lines as fast as the log accepts them
 *   --spawn-grandchild    start two processes that outlive it: one in its group, one in its own session.
 *                         Logs their pids: `grandchildren: PID in the group, PID in its own session`
 *   --with-slots          print the flags that llamactl needs for `--help`, and have one slot with a conversation, which can
 *                         be saved to a file of --slot-save-path, and restored
 *   --hang-on-save        never answer a save
 *   --refuse-restore      answer 400 to every restore
 *   --close-fds           close the inherited descriptor 9, as programs do that close all descriptors they did not open
 *
 * HTTP: `/health`; `/v1/models`; `/v1/completions` and `/v1/chat/completions` (`stream` true or false, `usage` at the end
 * with `stream_options.include_usage`); `/echo` returns the request: method, url, headers, body. Other paths get 404 with
 * llama-server's error object. If LLAMA_API_KEY is set, every path except /health requires it.
 * Unknown flags are ignored, so that an adapter's argv can be passed unchanged.
 */
import { spawn } from 'node:child_process';
import { closeSync, writeFileSync, writeSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';

/** The argv that runs this program; append flags. */
export function fakeEngineCommand(): [string, string] {
  return [process.execPath, import.meta.filename];
}

interface Faults {
  port: number | null;
  loadMs: number;
  isNeverReady: boolean;
  isHealthDeaf: boolean;
  tokens: number;
  tokenMs: number;
  exitAfterMs: number | null;
  exitCode: number;
  crashesOnLoad: boolean;
  ignoresSigterm: boolean;
  floodLines: number;
  spawnsGrandchildren: boolean;
  closesDescriptors: boolean;
  hasSlots: boolean;
  hangsOnSave: boolean;
  refusesRestore: boolean;
  /** Folder of --slot-save-path. */
  slotFolder: string | null;
  model: string;
}

const STDERR = 2;
const INHERITED_FIFO = 9;
/** Tokens of the conversation in the slot, and bytes of its file. */
const SLOT_TOKENS = 1_000;
const HELP = ['--model FNAME  model', '--host HOST    address', '--port PORT    port', '--slot-save-path PATH  folder'];
const WORDS = ['Hello', ' from', ' a', ' fake', ' engine'];

function readFlags(argv: readonly string[]): Faults {
  const has = (flag: string): boolean => argv.includes(flag);
  const text = (flag: string): string | null => {
    const at = argv.lastIndexOf(flag);
    return at === -1 ? null : (argv[at + 1] ?? null);
  };
  const number = (flag: string): number | null => (text(flag) === null ? null : Number(text(flag)));
  return {
    port: number('--port'),
    loadMs: number('--load-ms') ?? 0,
    isNeverReady: has('--never-ready'),
    isHealthDeaf: has('--deaf-health'),
    tokens: number('--tokens') ?? WORDS.length,
    tokenMs: number('--token-ms') ?? 0,
    exitAfterMs: number('--exit-after-ms'),
    exitCode: number('--exit-code') ?? 0,
    crashesOnLoad: has('--crash-on-load'),
    ignoresSigterm: has('--hang-on-sigterm'),
    floodLines: number('--log-flood') ?? 0,
    spawnsGrandchildren: has('--spawn-grandchild'),
    closesDescriptors: has('--close-fds'),
    hasSlots: has('--with-slots'),
    hangsOnSave: has('--hang-on-save'),
    refusesRestore: has('--refuse-restore'),
    slotFolder: text('--slot-save-path'),
    model: text('--model') ?? text('-m') ?? '/models/made-up.gguf',
  };
}

/** Logs a line in llama-server's format, `M.SS.mmm.uuu L text`, with the time since the start. */
function log(level: 'I' | 'W' | 'E', text: string): void {
  const micros = Math.floor(performance.now() * 1_000);
  const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');
  const clock = [
    part(micros / 60_000_000, 1),
    part((micros / 1_000_000) % 60, 2),
    part((micros / 1_000) % 1_000, 3),
    part(micros % 1_000, 3),
  ].join('.');
  // Synchronous, like a C program: lines written before a crash are in the log.
  writeSync(STDERR, `${clock} ${level} ${text}\n`);
}

async function main(faults: Faults): Promise<void> {
  log('I', 'srv  llama_server: initializing ...');
  process.on('SIGUSR1', () => process.exit(faults.exitCode));
  process.on('SIGTERM', () => {
    if (faults.ignoresSigterm) return;
    log('I', 'srv    operator(): operator(): cleaning up before exit...');
    process.exit(0);
  });
  if (faults.closesDescriptors) closeSync(INHERITED_FIFO);
  if (faults.spawnsGrandchildren) spawnGrandchildren();
  for (let line = 1; line <= faults.floodLines; line += 1) log('I', `flood: line ${line} of ${faults.floodLines}`);
  log('I', `srv    load_model: loading model '${faults.model}'`);
  if (faults.crashesOnLoad) {
    log('E', `gguf_init_from_file: failed to open GGUF file '${faults.model}' (No such file or directory)`);
    log('E', 'srv  llama_server: exiting due to model loading error');
    process.exit(1);
  }
  if (faults.exitAfterMs !== null) setTimeout(() => process.exit(faults.exitCode), faults.exitAfterMs);
  if (faults.port === null) setInterval(() => undefined, 2 ** 30);
  else await listen(faults, faults.port);
}

function spawnGrandchildren(): void {
  const near = spawn('sleep', ['1000000'], { stdio: 'inherit' });
  const far = spawn('sleep', ['1000000'], { stdio: 'inherit', detached: true });
  log('I', `grandchildren: ${near.pid} in the group, ${far.pid} in its own session`);
}

async function listen(faults: Faults, port: number): Promise<void> {
  const { createServer } = await import('node:http');
  let isLoaded = false;
  const server = createServer((request, response) => {
    if (isLoaded) void answer(faults, request, response);
    else sendError(response, 503, 'unavailable_error', 'Loading model', { connection: 'close' });
  });
  server.on('error', (error) => {
    log(
      'E',
      `srv         start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: ${port} (${error.message})`,
    );
    process.exit(1);
  });
  server.listen(port, '127.0.0.1', () => {
    if (faults.isNeverReady) return;
    setTimeout(() => {
      isLoaded = true;
      log('I', 'srv  llama_server: model loaded');
      log('I', `srv  llama_server: listening on http://127.0.0.1:${port}`);
    }, faults.loadMs);
  });
}

async function answer(faults: Faults, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (pathname === '/health') {
    if (!faults.isHealthDeaf) sendJson(response, 200, { status: 'ok' });
    return;
  }
  const key = process.env['LLAMA_API_KEY'];
  if (key && request.headers.authorization !== `Bearer ${key}`) {
    return sendError(response, 401, 'authentication_error', 'Invalid API Key');
  }
  const body = await bodyOf(request);
  if (faults.hasSlots && pathname.startsWith('/slots')) return answerSlot(faults, request.url ?? '', body, response);
  switch (pathname) {
    case '/props':
      return sendJson(response, 200, { build_info: 'fake' });
    case '/v1/models':
      return sendJson(response, 200, { object: 'list', data: [{ id: faults.model, object: 'model' }] });
    case '/echo':
      return sendJson(response, 200, { method: request.method, url: request.url, headers: request.headers, body });
    case '/v1/completions':
    case '/v1/chat/completions':
      return complete(faults, body, response);
    default:
      return sendError(response, 404, 'not_found_error', 'File Not Found');
  }
}

/** Answers for the only slot, as llama-server does. */
function answerSlot(faults: Faults, url: string, body: string, response: ServerResponse): void {
  if (url === '/slots') return sendJson(response, 200, [{ id: 0, n_prompt_tokens: SLOT_TOKENS }]);
  if (url.endsWith('restore')) {
    if (faults.refusesRestore) return sendError(response, 400, 'invalid_request_error', 'Unable to restore slot');
    return sendJson(response, 200, { n_restored: SLOT_TOKENS, n_read: SLOT_TOKENS });
  }
  if (faults.hangsOnSave) return;
  const { filename } = JSON.parse(body) as { filename: string };
  writeFileSync(path.join(faults.slotFolder ?? '', filename), Buffer.alloc(SLOT_TOKENS));
  sendJson(response, 200, { n_saved: SLOT_TOKENS, n_written: SLOT_TOKENS });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}

interface CompletionRequest {
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  model?: string;
}

async function complete(faults: Faults, body: string, response: ServerResponse): Promise<void> {
  let asked: CompletionRequest;
  try {
    asked = JSON.parse(body) as CompletionRequest;
  } catch (error) {
    return sendError(response, 400, 'invalid_request_error', error instanceof Error ? error.message : String(error));
  }
  const common = { id: 'chatcmpl-fake', created: 0, model: asked.model ?? faults.model };
  const usage = { prompt_tokens: 3, completion_tokens: faults.tokens, total_tokens: 3 + faults.tokens };
  const timings = { prompt_n: 3, predicted_n: faults.tokens, predicted_per_second: 100 };
  const words = Array.from({ length: faults.tokens }, (_, index) => WORDS[index % WORDS.length] ?? '');
  if (asked.stream !== true) {
    if (!(await pauseOrLeft(faults.tokenMs * faults.tokens, response))) return;
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: words.join('') } };
    return sendJson(response, 200, { ...common, object: 'chat.completion', choices: [choice], usage, timings });
  }

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event: object): void => void response.write(`data: ${JSON.stringify({ ...common, ...event })}\n\n`);
  const chunk = (delta: object, finish: string | null): object => ({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  for (const word of words) {
    if (!(await pauseOrLeft(faults.tokenMs, response))) return;
    send(chunk({ content: word }, null));
  }
  send({ ...chunk({}, 'stop'), timings });
  if (asked.stream_options?.include_usage) send({ object: 'chat.completion.chunk', choices: [], usage });
  response.end('data: [DONE]\n\n');
  // Like llama-server: close the connection after a streamed answer, without a `Connection: close` header.
  response.once('finish', () => response.socket?.end());
}

/** Waits. Returns false, and logs it, if the client has left meanwhile. */
async function pauseOrLeft(milliseconds: number, response: ServerResponse): Promise<boolean> {
  if (milliseconds > 0) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      response.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  if (!response.destroyed) return true;
  log('W', 'srv          stop: cancel task, the client is gone');
  return false;
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}

function sendError(
  response: ServerResponse,
  code: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, code, { error: { code, message, type } }, headers);
}

const argv = process.argv.slice(2);
const isAsked = argv.includes('--help') || argv.includes('--version');
if (import.meta.main) {
  if (argv.includes('--with-slots') && isAsked) process.stdout.write(`${HELP.join('\n')}\n`);
  else await main(readFlags(argv));
}
