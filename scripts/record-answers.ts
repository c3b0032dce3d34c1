/**
 * Records responses of a real llama-server byte for byte in server/gateway/answers.json, for the gateway's replay test.
 * Run `node scripts/record-answers.ts` when a new engine responds differently.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { testEngine, testModel } from './test-assets.ts';

const TARGET = path.join(import.meta.dirname, '..', 'server', 'gateway', 'answers.json');
const READY = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const CHAT = { messages: [{ role: 'user', content: 'Hi! Ünïcödé \u{1F600}' }], temperature: 0, cache_prompt: false };
const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } };

/** Requests for both kinds of engine: text and embeddings. */
const REQUESTS: Record<'text' | 'embeddings', readonly [method: string, url: string, body?: object][]> = {
  text: [
    ['GET', '/health'],
    ['GET', '/props'],
    ['GET', '/slots'],
    ['GET', '/metrics'],
    ['GET', '/v1/models'],
    ['HEAD', '/v1/models'],
    ['GET', '/lora-adapters'],
    ['GET', '/nothing-here'],
    ['OPTIONS', '/v1/chat/completions'],
    ['POST', '/tokenize', { content: 'é\u{1F600}', with_pieces: true }],
    ['POST', '/detokenize', { tokens: [1, 2, 3, 4, 5] }],
    ['POST', '/apply-template', CHAT],
    ['POST', '/v1/chat/completions', CHAT],
    ['POST', '/v1/chat/completions', { ...CHAT, tools: [TOOL], n: 2 }],
    ['POST', '/v1/chat/completions', { ...CHAT, stream: true }],
    [
      'POST',
      '/v1/chat/completions',
      { ...CHAT, stream: true, logprobs: true, stream_options: { include_usage: true } },
    ],
    ['POST', '/v1/chat/completions', { messages: 'no list' }],
    ['POST', '/v1/completions', { prompt: 'Hi', max_tokens: 5, temperature: 0, logprobs: 2 }],
    ['POST', '/v1/completions', { prompt: 'Hi', max_tokens: 5, temperature: 0, stream: true }],
    ['POST', '/completion', { prompt: 'Hi', n_predict: 5, temperature: 0, stream: true, return_progress: true }],
    ['POST', '/infill', { input_prefix: 'a', input_suffix: 'b', n_predict: 2 }],
    ['POST', '/v1/responses', { input: 'Hi', max_output_tokens: 20 }],
    ['POST', '/v1/responses', { input: 'Hi', max_output_tokens: 20, stream: true }],
    ['POST', '/v1/messages', { ...CHAT, max_tokens: 20 }],
    ['POST', '/v1/messages', { ...CHAT, max_tokens: 20, stream: true }],
    ['POST', '/v1/messages/count_tokens', CHAT],
    ['POST', '/v1/embeddings', { input: 'x' }],
    ['POST', '/v1/rerank', { query: 'x', documents: ['y'] }],
    ['POST', '/v1/audio/transcriptions', {}],
  ],
  embeddings: [
    ['POST', '/v1/embeddings', { input: ['x', 'é'] }],
    ['POST', '/embedding', { content: 'x' }],
    ['POST', '/v1/embeddings', { input: 'x', encoding_format: 'base64' }],
  ],
};

interface Recorded {
  method: string;
  url: string;
  /** One byte a character. */
  wire: string;
}

/** Records a response until the engine closes the connection. */
async function record(port: number, method: string, url: string, body?: object): Promise<Recorded> {
  const content = body === undefined ? '' : JSON.stringify(body);
  const head = [
    `${method} ${url} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(content)}`,
  ];
  const socket = connect(port, '127.0.0.1');
  socket.write(`${head.join('\r\n')}\r\n\r\n${content}`);
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return { method, url, wire: Buffer.concat(pieces).toString('latin1') };
}

async function recordAll(folder: string, kind: 'text' | 'embeddings'): Promise<Recorded[]> {
  // a relative path, because the engine prints it
  const flags = kind === 'text' ? ['--metrics', '--parallel', '2'] : ['--embeddings', '--pooling', 'mean'];
  const engine = spawn(testEngine(), ['--model', 'demo.gguf', '--host', '127.0.0.1', '--port', '0', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let output = '';
      for (const stream of [engine.stdout, engine.stderr]) {
        stream.on('data', (text) => {
          output += String(text);
          const found = READY.exec(output)?.[1];
          if (found !== undefined) resolve(Number(found));
        });
      }
      engine.once('exit', () => reject(new Error(output)));
    });
    const answers: Recorded[] = [];
    for (const [method, url, body] of REQUESTS[kind]) answers.push(await record(port, method, url, body));
    return answers;
  } finally {
    const gone = once(engine, 'exit');
    engine.kill('SIGKILL');
    await gone;
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-record-'));
try {
  await copyFile(await testModel(), path.join(folder, 'demo.gguf'));
  const answers = [...(await recordAll(folder, 'text')), ...(await recordAll(folder, 'embeddings'))];
  await writeFile(TARGET, `${JSON.stringify(answers, null, 2)}\n`);
  process.stdout.write(`${answers.length} answers are in ${TARGET}\n`);
} finally {
  await rm(folder, { recursive: true });
}
