import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * An engine whose answers a test writes. A question `echo TEXT` is answered with TEXT, `think TEXT` with a thought before it,
 * `pace MS TEXT` with a pause between pieces, `refuse` with an error; any other with one sentence. Pieces have `PIECE` characters.
 * Vectors count the letters of a text; a rerank counts the words that query and document share.
 */
const PROGRAM = `
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
const PIECE = 24;
const letters = (text) => [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => text.toLowerCase().split(letter).length - 1);
const words = (text) => new Set(text.toLowerCase().match(/[a-z]+/g) ?? []);
function plain(content) {
  return typeof content === 'string' ? content : content.map(({ text }) => text ?? '[image]').join(' ');
}
async function chat(body, response) {
  const question = plain(body.messages.at(-1).content);
  const [verb, rest] = [question.split(' ')[0], question.slice(question.indexOf(' ') + 1)];
  if (verb === 'refuse') {
    response.writeHead(400, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ error: { message: 'The engine refuses this question.', type: 'invalid_request_error' } }));
  }
  const pace = verb === 'pace' ? Number(rest.split(' ')[0]) : 0;
  const answer = verb === 'pace' ? rest.slice(rest.indexOf(' ') + 1) : ['echo', 'think'].includes(verb) ? rest : 'A sentence of the engine.';
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (chunk) => response.write('data: ' + JSON.stringify(chunk) + '\\n\\n');
  const delta = (fields) => send({ choices: [{ index: 0, delta: fields }] });
  if (verb === 'think') delta({ reasoning_content: 'A thought before the answer.' });
  let count = 0;
  for (let at = 0; at < answer.length && !response.destroyed; at += PIECE) {
    delta({ content: answer.slice(at, at + PIECE) });
    count += 1;
    if (pace > 0) await pause(pace);
  }
  const promptTokens = Math.ceil(JSON.stringify(body.messages).length / 4);
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], timings: { prompt_ms: 12.5, predicted_n: count, predicted_per_second: 61.2 } });
  send({ choices: [], usage: { prompt_tokens: promptTokens, completion_tokens: count, total_tokens: promptTokens + count } });
  response.end('data: [DONE]\\n\\n');
}
createServer(async (request, response) => {
  if (request.method === 'GET') return response.end('{}');
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = JSON.parse(Buffer.concat(pieces).toString());
  if (request.url === '/v1/chat/completions') return chat(body, response);
  response.writeHead(200, { 'content-type': 'application/json' });
  if (request.url === '/v1/embeddings') {
    return response.end(JSON.stringify({ data: body.input.map((text, index) => ({ index, embedding: letters(text) })) }));
  }
  const results = body.documents.map((text, index) => ({
    index,
    relevance_score: [...words(text)].filter((word) => words(body.query).has(word)).length - 1,
  }));
  return response.end(JSON.stringify({ results }));
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Writes the engine into a folder. @returns the `engines` of a configuration that knows it as `spoken` */
export async function chatEngine(folder: string): Promise<string> {
  const file = path.join(folder, 'chat-engine.mjs');
  await writeFile(file, PROGRAM);
  const engine = { kind: 'custom', command: process.execPath, args: [file, '${PORT}'], health_path: '/' };
  return `engines: ${JSON.stringify({ spoken: engine })}\n`;
}
