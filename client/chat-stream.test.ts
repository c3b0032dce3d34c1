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

describe('an answer of a model', () => {
  it('comes a piece at a time, and as it comes', async () => {
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

  it('that is refused is an error of the API that is spoken there', async () => {
    const { client } = bench(
      answer({ error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' } }, 404),
    );
    await expect(said(client.chat(question))).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'model_not_found',
      message: 'no such model',
    });
  });

  it('that fails in the middle is an error too', async () => {
    const error = { message: 'the engine did not start', type: 'server_error', code: 'start_failed' };
    const { client } = bench(eventStream(piece('a'), `data: ${JSON.stringify({ error })}\n\n`));
    await expect(said(client.chat(question))).rejects.toMatchObject({ name: 'ServerError', code: 'start_failed' });
  });

  it('that ends before it is whole, or breaks off, is no answer', async () => {
    await expect(said(bench(eventStream(piece('a'))).client.chat(question))).rejects.toThrow(
      'The answer of a ended before it was whole',
    );
    const broken = bench(eventStream(piece('a'), noConnection('UND_ERR_SOCKET')));
    await expect(said(broken.client.chat(question))).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(broken.server.requests, 'it is not asked twice').toHaveLength(1);
  });

  it('is ended by whoever stops reading, or aborts', async () => {
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

  it('is ended at once, also when more of it is there already', async () => {
    const abort = new AbortController();
    const chunks = bench(eventStream(piece('a') + piece('b'), null)).client.chat(question, { signal: abort.signal });
    await chunks.next();
    abort.abort(new Error('enough'));
    await expect(chunks.next()).rejects.toThrow('enough');
  });

  it('is not asked for in pieces by who wants it whole', async () => {
    const { server, client } = bench(eventStream('data: [DONE]\n\n'));
    await expect(said(client.chat({ ...question, stream: false }))).rejects.toThrow(
      '`chat` gives an answer in pieces.',
    );
    expect(await said(client.chat({ ...question, stream: true }))).toBe('');
    expect(server.requests).toHaveLength(1);
  });

  it('has to be one', async () => {
    await expect(said(bench(answer({ choices: [] })).client.chat(question))).rejects.toThrow(
      'http://h:1/v1/chat/completions answered application/json instead of text/event-stream.',
    );
    await expect(said(bench(eventStream('data: hm\n\n')).client.chat(question))).rejects.toThrow(
      'no piece of an answer: hm',
    );
  });
});
