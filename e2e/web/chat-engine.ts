import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * An engine whose answers a test writes. A question `echo TEXT` is answered with TEXT, `think TEXT` with a thought before it,
 * `pace MS TEXT` with a pause between pieces, `cut TEXT` as if a limit cut it, `refuse` with an error,
 * `die` with its own end; any other with one
 * sentence. An answer as the last message gets two more words. Pieces have `PIECE` characters. Vectors count the letters of
 * a text; a rerank counts the words that query and document share. A transcript names the file and its kind; speech is a
 * tenth of a second of silence, but it has no speech for `nothing`; pictures are red dots.
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
  if (verb === 'die') process.exit(3);
  if (verb === 'refuse') {
    response.writeHead(400, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ error: { message: 'The engine refuses this question.', type: 'invalid_request_error' } }));
  }
  const pace = verb === 'pace' ? Number(rest.split(' ')[0]) : 0;
  const answer = body.messages.at(-1).role === 'assistant' ? ' goes on.' : verb === 'pace' ? rest.slice(rest.indexOf(' ') + 1) : ['echo', 'think', 'cut'].includes(verb) ? rest : 'A sentence of the engine.';
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
  send({ choices: [{ index: 0, delta: {}, finish_reason: verb === 'cut' ? 'length' : 'stop' }], timings: { prompt_ms: 12.5, predicted_n: count, predicted_per_second: 61.2 } });
  send({ choices: [], usage: { prompt_tokens: promptTokens, completion_tokens: count, total_tokens: promptTokens + count } });
  response.end('data: [DONE]\\n\\n');
}
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const samples = 1600;
const silence = Buffer.alloc(44 + 2 * samples);
silence.write('RIFF', 0); silence.writeUInt32LE(36 + 2 * samples, 4); silence.write('WAVEfmt ', 8);
silence.writeUInt32LE(16, 16); silence.writeUInt16LE(1, 20); silence.writeUInt16LE(1, 22); silence.writeUInt32LE(16000, 24);
silence.writeUInt32LE(32000, 28); silence.writeUInt16LE(2, 32); silence.writeUInt16LE(16, 34);
silence.write('data', 36); silence.writeUInt32LE(2 * samples, 40);
function transcript(form) {
  const text = form.toString('latin1');
  const language = /name="language"\\r\\n\\r\\n(.*)\\r\\n/.exec(text)?.[1] ?? 'any language';
  const [, name, content] = /name="file"; filename="(.*)"\\r\\n.*\\r\\n\\r\\n(.{4})/.exec(text);
  return { text: 'Heard in ' + language + ': ' + name + ', ' + content };
}
createServer(async (request, response) => {
  if (request.method === 'GET') return response.end('{}');
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  if (request.url === '/v1/audio/transcriptions') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify(transcript(whole)));
  }
  const body = JSON.parse(whole.toString());
  if (request.url === '/v1/audio/speech') {
    const isKnown = body.input !== 'nothing';
    response.writeHead(isKnown ? 200 : 404, { 'content-type': isKnown ? 'audio/wav' : 'text/plain' });
    return response.end(isKnown ? silence : 'Not found');
  }
  if (request.url === '/v1/images/generations') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ data: Array.from({ length: body.n }, () => ({ b64_json: DOT })) }));
  }
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

/**
 * Writes the engine into a folder.
 *
 * @returns the `engines` of a configuration that knows it as `spoken`, and as `seen`: with the capabilities audio and image
 */
export async function chatEngine(folder: string): Promise<string> {
  const file = path.join(folder, 'chat-engine.mjs');
  await writeFile(file, PROGRAM);
  const engine = { kind: 'custom', command: process.execPath, args: [file, '${PORT}'], health_path: '/' };
  return `engines: ${JSON.stringify({ spoken: engine, seen: { ...engine, capabilities: ['audio', 'image'] } })}\n`;
}
