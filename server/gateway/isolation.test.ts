import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  answerOf,
  call,
  type GatewayServer,
  type Listening,
  readAnswer,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';

let engine: Listening;
let gateway: GatewayServer;
/** Bodies that the engine received. */
let received: string[];

beforeEach(async () => {
  received = [];
  engine = await startEngine(async (request, response) => {
    const { body, text } = await readAnswer(request);
    received.push(body.byteLength > 1_000 ? String(body.byteLength) : text);
    response.end(request.url);
  });
  const { port } = engine;
  const settings = { isolated: true };
  gateway = await startGateway([
    { name: 'a', port, settings, isolated: true },
    {
      name: 'renamed',
      port,
      settings: { isolated: true, upstream_model: 'other', request_defaults: { top_k: 1 } },
      isolated: true,
    },
    {
      name: 'preset',
      port,
      settings: { isolated: true, request_defaults: { cache_prompt: true, id_slot: 0, seed: 1 } },
      isolated: true,
    },
    { name: 'cached', port, settings: { isolated: true, upstream_model: 'other' } },
    { name: 'plain', port },
  ]);
});
afterEach(async () => {
  expect(gateway.budget.used).toBe(0);
  await Promise.all([engine.close(), gateway.close()]);
});

const CHAT = '/v1/chat/completions';
const form = (...heads: string[]): string =>
  `${heads.map((head) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\na\r\n`).join('')}--b--`;
const FORM = { 'content-type': 'multipart/form-data; boundary=b' };

/** Sends a request twice: with the model in the body, and with the model in the URL. */
function both(members: string, more: Parameters<typeof call>[2] = {}): Promise<Answer[]> {
  return Promise.all([
    call(gateway.port, CHAT, { body: `{"model":"a"${members === '' ? '' : `,${members}`}}`, ...more }),
    call(gateway.port, `${CHAT}?model=a`, { body: `{${members}}`, ...more }),
  ]);
}

describe('an isolated instance', () => {
  test.each([
    '',
    '"prompt":"x"',
    '"cache_prompt":false',
    '"cache_prompt": null ',
    '"x":{"cache_prompt":true,"id_slot":1}',
    '"Cache_prompt":true',
  ])('passes %s unchanged', async (members) => {
    expect((await both(members)).map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(received)).toEqual(new Set([`{"model":"a"${members === '' ? '' : `,${members}`}}`, `{${members}}`]));
  });

  test.each([
    '"cache_prompt":true',
    '"cache_prompt":"true"',
    '"cache_prompt":1',
    '"cache_prompt":[false]',
    '"cache_prompt":true,"cache_prompt":false',
    '"cache_prompt":false,"cache_prompt":true',
    String.raw`"cache\u005fprompt":true`,
    String.raw`"\u0063\u0061\u0063\u0068\u0065\u005f\u0070\u0072\u006f\u006d\u0070\u0074":true`,
    '"id_slot":0',
    '"id_slot":-1',
    '"id_slot":null',
    String.raw`"id\u005Fslot":1`,
    `"x":"${'x'.repeat(100_000)}","id_slot":1`,
  ])('refuses %s', async (members) => {
    for (const { status, text } of await both(members)) {
      expect(status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'validation_error' } });
    }
    expect(received).toEqual([]);
  });

  test.each([
    ['text that is not JSON', 'x'],
    ['an array', '[{"id_slot":1}]'],
    ['broken JSON', '{"prompt":"x"'],
    ['text after the JSON', '{} {"id_slot":1}'],
    ['too many members', `{${'"":0,'.repeat(5_000)}"id_slot":1}`],
  ])('refuses %s, in which a field could hide', async (_title, body) => {
    expect((await call(gateway.port, `${CHAT}?model=a`, { body })).status).toBe(400);
    expect(received).toEqual([]);
  });

  test('refuses a compressed body', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await call(gateway.port, `${CHAT}?model=a`, { body: gzipSync('{"id_slot":1}'), headers })).status).toBe(
      415,
    );
  });

  test('refuses a body of more than 64 MiB, also if the URL names the model', async () => {
    const path = `${CHAT}?model=a`;
    const headers = { 'content-length': 64 * 1_048_576 + 1 };
    const request = httpRequest({ port: gateway.port, host: '127.0.0.1', method: 'POST', path, headers, agent: false });
    request.flushHeaders();
    const answer = await readAnswer(await answerOf(request));
    request.destroy();
    expect(answer.status).toBe(413);
    expect(answer.text).not.toContain('?model=');
  });

  test('passes a large body whose model is in the URL', async () => {
    const body = JSON.stringify({ prompt: 'x'.repeat(5_000_000) });
    expect((await call(gateway.port, `${CHAT}?model=a`, { body })).status).toBe(200);
    expect(received).toEqual([String(body.length)]);
  });

  test('passes a request without a body', async () => {
    expect((await call(gateway.port, '/v1/x?model=a')).text).toBe('/v1/x?model=a');
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await call(gateway.port, '/v1/x?model=a', { body: '', headers })).text).toBe('/v1/x?model=a');
  });

  test('checks the body of a GET too', async () => {
    const headers = { 'content-length': 13 };
    expect((await call(gateway.port, '/v1/x?model=a', { method: 'GET', headers, body: '{"id_slot":1}' })).status).toBe(
      400,
    );
  });

  test('passes a form', async () => {
    const body = form('name="model"', 'name="file"; filename="a.wav"');
    expect((await call(gateway.port, '/v1/audio/transcriptions', { body, headers: FORM })).status).toBe(200);
    expect(received).toEqual([body]);
  });

  test.each(['name="id_slot"', 'name=cache_prompt', 'name="id_slot"; filename=""', 'name="x"; name="ID_SLOT"'])(
    'refuses a form with a part of %s',
    async (head) => {
      const body = form('name="model"', head);
      for (const url of ['/v1/audio/transcriptions', '/v1/audio/transcriptions?model=a']) {
        expect((await call(gateway.port, url, { body, headers: FORM })).status).toBe(400);
      }
      expect(received).toEqual([]);
    },
  );

  test.each(['multipart/form-data; boundary=c; boundary=b', 'multipart/mixed; boundary=b', 'multipart/form-data'])(
    'refuses a form of the ambiguous type %s',
    async (type) => {
      const headers = { 'content-type': type };
      const answer = await call(gateway.port, '/v1/audio/transcriptions?model=a', { body: form('name="x"'), headers });
      expect(answer.status).toBe(400);
    },
  );

  test('gets its model name and defaults like any other instance', async () => {
    await call(gateway.port, CHAT, { body: '{"model":"renamed"}' });
    await call(gateway.port, CHAT, { body: `{"model":"renamed","x":"${'x'.repeat(200)}"}` });
    expect((await call(gateway.port, `${CHAT}?model=renamed`, { body: '{"x":1}' })).text).toBe(`${CHAT}?model=other`);
    expect(received).toEqual([
      '{"model":"other","top_k":1}',
      `{"model":"other","x":"${'x'.repeat(200)}","top_k":1}`,
      '{"x":1}',
    ]);
  });

  test('does not get the fields from the defaults of a preset', async () => {
    await call(gateway.port, CHAT, { body: '{"model":"preset"}' });
    expect(received).toEqual(['{"model":"preset","seed":1}']);
  });

  test('gets unchecked requests under /proxy, which is for administrators', async () => {
    const path = '/api/instances/a/proxy/v1/chat/completions';
    expect((await call(gateway.port, path, { body: '{"id_slot":1}' })).status).toBe(200);
  });
});

describe('an isolated instance whose engine was launched with prompt caching', () => {
  test.each([
    [CHAT, '{"model":"cached"}', '{"model":"other","cache_prompt":false}'],
    ['/v1/completions', '{"model":"cached","cache_prompt":null,"n":1}', '{"model":"other","n":1,"cache_prompt":false}'],
    ['/v1/responses', '{"cache_prompt":false,"model":"cached"}', '{"model":"other","cache_prompt":false}'],
    [`${CHAT}?model=cached`, '{"x": 1}', '{"x": 1,"cache_prompt":false}'],
    [`${CHAT}?model=cached`, '{}', '{"cache_prompt":false}'],
  ])('switches caching off in the body: %s %s', async (url, body, expected) => {
    expect((await call(gateway.port, url, { body })).status).toBe(200);
    expect(received).toEqual([expected]);
  });

  test.each([
    ['/v1/messages', '{"model":"cached"}'],
    ['/v1/messages?model=cached', '{}'],
    ['/v1/m%65ssages?model=cached', '{}'],
    ['/v1/chat/completions/?model=cached', '{}'],
  ])('refuses a path that ignores the field: %s', async (url, body) => {
    const answer = await call(gateway.port, url, { body });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('Restart the instance');
    expect(received).toEqual([]);
  });

  test('refuses a form', async () => {
    const answer = await call(gateway.port, '/v1/audio/transcriptions?model=cached', {
      body: form('name="x"'),
      headers: FORM,
    });
    expect(answer.status).toBe(400);
  });
});

test('another instance gets all fields', async () => {
  const body = '{"model":"plain","cache_prompt":true,"id_slot":1}';
  expect((await call(gateway.port, CHAT, { body })).status).toBe(200);
  expect(received).toEqual([body]);
});

describe('a form that another program reads as JSON', () => {
  const FIELD = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--x--\r\n';
  const JSON_FIRST = `{"prompt":"x","cache_prompt":true}\0\r\n${FIELD}`;

  test.each([
    ['with its type in another case', 'Multipart/Form-Data; boundary=x', FIELD],
    ['after JSON that ends with NUL', 'multipart/form-data; boundary=x', JSON_FIRST],
    ['after a line break', 'multipart/form-data; boundary=x', `\r\n${FIELD}`],
  ])('%s is refused', async (_what, type, body) => {
    const headers = { 'content-type': type };
    expect((await call(gateway.port, '/v1/completions?model=a', { body, headers })).status).toBe(400);
    expect(received).toEqual([]);
  });
});
