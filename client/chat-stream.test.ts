import { describe, expect, it } from 'vitest';
import { Client } from './client.ts';
import { answer, eventStream, noConnection, ScriptedFetch, type Reply } from './testing/scripted-fetch.ts';
import { FakeTiming } from './testing/fake-timing.ts';

const question = { model: 'a', messages: [{ role: 'user', content: 'Hello' }], temperature: 0 };

function bench(...replies: Reply[]) {
  const server = new ScriptedFetch(...replies);
  const timing = new FakeTiming();
  return { server, timing, client: new Client({ url: 'http://h:1', fetch: server.fetch }, timing) };
}

const piece = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

async function said(chunks: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>): Promise<string> {
  let text = '';
  for await (const { choices } of chunks) text += choices[0]?.delta.content ?? '';
  return text;
}

describe('stream of a model’s answer', () => {
  it('yields chunks as they arrive', async () => {
    const { server, client, timing } = bench(
      eventStream(
        ': loading\n\n',
        piece('Hel'),
        `${piece('l')}${piece('o')}`,
        'data: {"timings":{}}\n\ndata: [DONE]\n\n',
      ),
    );
    expect(await said(client.chat(question))).toBe('Hello');
    expect(server.targets).toEqual(['POST /v1/chat/completions']);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ ...question, stream: true });
    expect(timing.waits, 'bounded by nothing').toEqual([]);
  });

  it('sends the id that the caller chose', async () => {
    const { server, client } = bench(eventStream(piece('a'), 'data: [DONE]\n\n'), eventStream('data: [DONE]\n\n'));
    await said(client.chat(question, { requestId: 'mine-1' }));
    await said(client.chat(question));
    expect(server.requests.map(({ headers }) => headers.get('x-request-id'))).toEqual(['mine-1', null]);
  });

  it('throws the error of the API if the request is refused', async () => {
    const { client } = bench(
      answer({ error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' } }, 404),
    );
    await expect(said(client.chat(question))).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'model_not_found',
      message: 'no such model',
    });
  });

  it('throws an error in the middle of the answer', async () => {
    const error = { message: 'the engine did not start', type: 'server_error', code: 'start_failed' };
    const { client } = bench(eventStream(piece('a'), `data: ${JSON.stringify({ error })}\n\n`));
    await expect(said(client.chat(question))).rejects.toMatchObject({ name: 'ServerError', code: 'start_failed' });
  });

  it('throws if the answer is incomplete or the connection breaks', async () => {
    await expect(said(bench(eventStream(piece('a'))).client.chat(question))).rejects.toThrow(
      'The answer of a is incomplete',
    );
    const broken = bench(eventStream(piece('a'), noConnection('UND_ERR_SOCKET')));
    await expect(said(broken.client.chat(question))).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(broken.server.requests, 'it is not asked twice').toHaveLength(1);
  });

  it('ends the request when the caller leaves the loop or aborts', async () => {
    let signal: AbortSignal | undefined;
    const endless: Reply = (request, given) => {
      signal = given;
      const reply = eventStream(piece('a'), null);
      return typeof reply === 'function' ? reply(request, given) : answer({});
    };
    for await (const _ of bench(endless).client.chat(question)) break;
    expect(signal?.aborted).toBe(true);
    const abort = new AbortController();
    const chunks = bench(endless).client.chat(question, { signal: abort.signal });
    await chunks.next();
    const next = chunks.next();
    abort.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  it('ends at once on abort, although more chunks have arrived', async () => {
    const abort = new AbortController();
    const chunks = bench(eventStream(piece('a') + piece('b'), null)).client.chat(question, { signal: abort.signal });
    await chunks.next();
    abort.abort(new Error('enough'));
    await expect(chunks.next()).rejects.toThrow('enough');
  });

  it('refuses a body with stream: false', async () => {
    const { server, client } = bench(eventStream('data: [DONE]\n\n'));
    await expect(said(client.chat({ ...question, stream: false }))).rejects.toThrow('`chat` streams the answer.');
    expect(await said(client.chat({ ...question, stream: true }))).toBe('');
    expect(server.requests).toHaveLength(1);
  });

  it('throws if the answer is not a stream of chunks', async () => {
    await expect(said(bench(answer({ choices: [] })).client.chat(question))).rejects.toThrow(
      'http://h:1/v1/chat/completions answered application/json instead of text/event-stream.',
    );
    await expect(said(bench(eventStream('data: hm\n\n')).client.chat(question))).rejects.toThrow(
      'not a chunk of an answer: hm',
    );
  });
});
