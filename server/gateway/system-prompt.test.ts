import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { SlicedWork } from '../sliced-work.ts';
import {
  call,
  type GatewayServer,
  type Listening,
  readAnswer,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';
import { Bodies } from './bodies.ts';
import { BodyBudget } from './body-budget.ts';
import { dialectOf } from './dialects.ts';
import { HeldBody } from './held-body.ts';
import type { Rewriting } from './rewriting.ts';
import { promptedMessage } from './system-prompt.ts';

const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';
const MESSAGES = '/v1/messages';
const PROMPT = 'Be "brief".\n\u00e9\u{1F600}';
const WRITTEN = JSON.stringify(PROMPT);
const MESSAGE = `{"role":"system","content":${WRITTEN}}`;

const clock = systemClock();
const bodies = new Bodies({ clock, budget: new BodyBudget({ clock, bytes: 2 ** 30 }), work: new SlicedWork(clock) });

/** Returns the body that the engine gets. @param length The body is held in pieces of this length. */
async function sent(path: string, text: string, settings: Rewriting = {}, length = Infinity): Promise<string> {
  const shape = dialectOf(path).prompts.get(path);
  if (shape === undefined) return expect.fail(`requests to ${path} have no system prompt`);
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(Buffer.from(bytes.subarray(at, at + length)));
  const held = HeldBody.of(pieces);
  const members = bytes.length > 65_536 ? await bodies.members(held, AbortSignal.timeout(60_000)) : null;
  const route = { source: { kind: 'json', members }, body: held } as const;
  const search = { bodies, signal: AbortSignal.timeout(60_000) };
  const { body } = await promptedMessage(path, route, shape, { system_prompt: PROMPT, ...settings }, search);
  const result = Buffer.concat(body?.pieces ?? []);
  expect(body?.byteLength).toBe(result.length);
  return result.toString();
}

describe('the system prompt', () => {
  it.each([
    [CHAT, '{"messages":[{"role":"user","content":"a"}]}', `{"messages":[${MESSAGE},{"role":"user","content":"a"}]}`],
    [CHAT, '{ "messages" : [ ] }', `{ "messages" : [${MESSAGE} ] }`],
    [`${CHAT}/input_tokens`, '{"messages":[]}', `{"messages":[${MESSAGE}]}`],
    [RESPONSES, '{"input":"a"}', `{"input":"a","instructions":${WRITTEN}}`],
    [
      RESPONSES,
      '{"input":[{"role":"user","content":"a"}]}',
      `{"input":[{"role":"user","content":"a"}],"instructions":${WRITTEN}}`,
    ],
    [`${RESPONSES}/input_tokens`, '{}', `{"instructions":${WRITTEN}}`],
    [MESSAGES, '{"messages":[]}', `{"messages":[],"system":${WRITTEN}}`],
    [`${MESSAGES}/count_tokens`, '{"messages":[]}', `{"messages":[],"system":${WRITTEN}}`],
  ])('is added to a request without one: %s %s', async (path, body, expected) => {
    expect(await sent(path, body)).toBe(expected);
  });

  it.each([
    [RESPONSES, '{"instructions": null ,"x":1}', `{"instructions": ${WRITTEN} ,"x":1}`],
    [MESSAGES, '{"system":"a","system":null}', `{"system":"a","system":${WRITTEN}}`],
  ])('replaces null, which is no prompt: %s %s', async (path, body, expected) => {
    expect(await sent(path, body)).toBe(expected);
  });

  it.each([
    [CHAT, '{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}'],
    [CHAT, '{"messages":[{"role":"user","content":"b"},{"content":"a","role":"developer"}]}'],
    [CHAT, String.raw`{"messages":[{"r\u006fle" : "\u0073\u0079\u0073\u0074\u0065\u006d"}]}`],
    [CHAT, String.raw`{"messages":[{"role":"\u0064\u0065\u0076\u0065\u006c\u006f\u0070\u0065\u0072"}]}`],
    [CHAT, '{"messages":[{"role":"system","content":""}]}'],
    [RESPONSES, '{"instructions":"","input":"a"}'],
    [RESPONSES, '{"input":[{"type":"message","role":"developer","content":"a"}]}'],
    [MESSAGES, '{"system":[]}'],
    [MESSAGES, String.raw`{"syst\u0065m":"a"}`],
    [MESSAGES, '{"system":null,"system":"a"}'],
  ])('is not added to a request that has one: %s %s', async (path, body) => {
    expect(await sent(path, body)).toBe(body);
  });

  it.each(['{"messages":"system"}', '{"messages":{"a":[1]}}', '{"messages":null}', '{"messages":1}', '{}'])(
    'is not added to a chat whose messages are no array: %s',
    async (body) => {
      expect(await sent(CHAT, body)).toBe(body);
    },
  );

  it.each([
    '{"role":"user","content":[{"type":"text","text":"a","role":"system"}]}',
    '{"role":"user","content":"\\"role\\":\\"system\\"}"}',
    '{"role":"user","system":"role","x":{"role":"system"}}',
    '{"role":["system"],"content":"a"}',
    '{"role":{"role":"system"}}',
    '{"name":"system","content":"developer"}',
    '{"Role":"system"}',
    '{"role":"System"}',
    '{"role":"systems"}',
    String.raw`{"role":"system\u0000"}`,
    String.raw`{"role\\":"system"}`,
    '["role","system"]',
    '"role","system"',
    '[{"role":"system"}]',
  ])('does not take this for a system message: %s', async (message) => {
    for (const length of [1, 5, Infinity]) {
      expect(await sent(CHAT, `{"messages":[${message}]}`, {}, length)).toBe(`{"messages":[${MESSAGE},${message}]}`);
    }
  });

  it('is added to the last of equal keys, which engines read', async () => {
    const has = '"messages":[{"role":"system"}]';
    const lacks = '"messages":[{"role":"user"}]';
    const added = `"messages":[${MESSAGE},{"role":"user"}]`;
    expect(await sent(CHAT, `{${has},${lacks}}`)).toBe(`{${has},${added}}`);
    expect(await sent(CHAT, `{${lacks},${has}}`)).toBe(`{${lacks},${has}}`);
  });

  it('is added beside the other changes of the instance', async () => {
    const settings: Rewriting = { upstream_model: 'b', request_strip: ['top_k'], request_defaults: { seed: 1 } };
    const body = '{"top_k":1,"messages":[{"role":"user"}],"model":"a"}';
    const expected = `{"messages":[${MESSAGE},{"role":"user"}],"model":"b","seed":1}`;
    expect(await sent(CHAT, body, settings)).toBe(expected);
  });

  it('gives way to a default of the same field', async () => {
    const settings: Rewriting = { request_defaults: { system: 'other', instructions: 'other' } };
    expect(await sent(MESSAGES, '{}', settings)).toBe('{"system":"other","instructions":"other"}');
    expect(await sent(MESSAGES, '{"system":null,"instructions":1}', settings)).toBe('{"system":null,"instructions":1}');
  });

  it('replaces a prompt of the request that the instance strips', async () => {
    expect(await sent(MESSAGES, '{"system":"a"}', { request_strip: ['system'] })).toBe(`{"system":${WRITTEN}}`);
    expect(await sent(CHAT, '{"messages":[]}', { request_strip: ['messages'] })).toBe('{}');
  });

  const roles = fc.constantFrom('user', 'assistant', 'system', 'developer', 'tool', 'role', '\\"', 'é');
  const messages = fc.array(
    fc.oneof(
      fc.record(
        { role: fc.oneof(roles, fc.jsonValue({ maxDepth: 1 })), content: fc.jsonValue({ maxDepth: 3 }), name: roles },
        { requiredKeys: [] },
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    { maxLength: 5 },
  );

  it('changes no other byte of any chat, however its bytes come', async () => {
    const spaces = fc.constantFrom(undefined, 1, '\t');
    await fc.assert(
      fc.asyncProperty(
        messages,
        fc.object(),
        spaces,
        fc.integer({ min: 1, max: 9 }),
        async (list, other, space, length) => {
          const text = JSON.stringify({ ...other, model: 'a', messages: list, seed: 1 }, null, space);
          const hasPrompt = list.some((each) => {
            const { role } = Object(each) as { role?: unknown };
            return !Array.isArray(each) && (role === 'system' || role === 'developer');
          });
          const mark = text.lastIndexOf('"messages":') + '"messages":'.length;
          const start = text.indexOf('[', mark) + 1;
          const message = hasPrompt ? '' : `${MESSAGE}${list.length === 0 ? '' : ','}`;
          expect(await sent(CHAT, text, {}, length)).toBe(text.slice(0, start) + message + text.slice(start));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is searched in slices, so that a large body holds up no other request', async () => {
    const text = `{"messages":[${'{"role":"user","content":[{}]},'.repeat(40_000)}{"role":"user"}]}`;
    let turns = 0;
    // At every look at the clock, the time of a slice is over.
    const strict = {
      elapsed: () => (turns += 1) * 1_000,
      nextTurn: (callback: () => void) => void setImmediate(callback),
    };
    const slow = new Bodies({ clock, budget: bodies.budget, work: new SlicedWork(strict) });
    const held = HeldBody.of([Buffer.from(text)]);
    const { signal } = new AbortController();
    const roles = await slow.roles(held.part(text.indexOf('['), text.length - 1), signal);
    expect(roles).toEqual({ isList: true, isEmpty: false, hasPrompt: false });
    expect(turns).toBeGreaterThan(text.length / 8_192);
  });
});

describe('an instance with a system prompt', () => {
  let engine: Listening;
  let gateway: GatewayServer;
  let received: string[];

  beforeEach(async () => {
    received = [];
    engine = await startEngine(async (request, response) => {
      const { text, body } = await readAnswer(request);
      received.push(body.byteLength > 10_000 ? String(body.byteLength) : text);
      response.end();
    });
    const { port } = engine;
    const settings = { system_prompt: PROMPT };
    gateway = await startGateway([
      { name: 'a', port, settings },
      { name: 'empty', port, settings: { system_prompt: '' } },
      { name: 'isolated', port, settings: { ...settings, isolated: true }, isolated: true },
      { name: 'cached', port, settings: { ...settings, isolated: true } },
    ]);
  });
  afterEach(async () => {
    expect(gateway.budget.used).toBe(0);
    await Promise.all([engine.close(), gateway.close()]);
  });

  const chat = (model: string): string => `{"model":"${model}","messages":[{"role":"user"}]}`;
  const prompted = (model: string): string => chat(model).replace('[', `[${MESSAGE},`);

  it.each([CHAT, `${CHAT}?x=1`])('adds it to a chat: %s', async (path) => {
    expect((await call(gateway.port, path, { body: chat('a') })).status).toBe(200);
    expect(received).toEqual([prompted('a')]);
  });

  it('adds it to a body that comes in chunks', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    await call(gateway.port, CHAT, { body: chat('a'), headers });
    await call(gateway.port, CHAT, { body: `{"x":"${'x'.repeat(100_000)}",${chat('a').slice(1)}`, headers });
    expect(received).toEqual([prompted('a'), String(100_007 + Buffer.byteLength(prompted('a')))]);
  });

  it.each(['/v1/completions', '/v1/embeddings', '/v1/rerank', `${CHAT}/`, `${RESPONSES}/compact`, `${CHAT}?model=a`])(
    'does not change a request to %s',
    async (path) => {
      expect((await call(gateway.port, path, { body: chat('a') })).status).toBe(200);
      expect(received).toEqual([chat('a')]);
    },
  );

  it('does not change requests under /proxy', async () => {
    await call(gateway.port, '/api/instances/a/proxy/v1/chat/completions', { body: chat('a') });
    expect(received).toEqual([chat('a')]);
  });

  it('changes nothing if the prompt is empty', async () => {
    await call(gateway.port, CHAT, { body: chat('empty') });
    expect(received).toEqual([chat('empty')]);
  });

  it('may be isolated', async () => {
    await call(gateway.port, CHAT, { body: chat('isolated') });
    await call(gateway.port, CHAT, { body: chat('cached') });
    await call(gateway.port, `${CHAT}?model=isolated`, { body: chat('x') });
    expect(received).toEqual([
      prompted('isolated'),
      prompted('cached').replace(/\}$/, ',"cache_prompt":false}'),
      chat('x'),
    ]);
  });
});
