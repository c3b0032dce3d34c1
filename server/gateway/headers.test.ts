import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDecisive } from './answer-policy.ts';
import {
  type AnswerFacts,
  requestHeaders,
  requestTrailers,
  type RequestFacts,
  responseHeaders,
  responseTrailers,
  upgradeRequestHeaders,
  upgradeResponseHeaders,
} from './headers.ts';

const FACTS: RequestFacts = {
  requestId: 'id-1',
  port: 8101,
  key: 'run-key',
  peer: '127.0.0.9',
  body: 'none',
  crossing: new Set(),
};
const ANSWER: AnswerFacts = { status: 200, method: 'GET', length: null };
const SANDBOX = 'sandbox allow-scripts allow-forms';
/** Headers that every answer has. */
const OURS = /^(?:x-request-id|x-llamactl-source|x-content-type-options)$/i;
const OWN = ['X-Request-Id', 'id-1'];

/** Returns all values by lower-case name. */
function byName(raw: readonly string[]): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (let index = 0; index < raw.length; index += 2) {
    (result[(raw[index] ?? '').toLowerCase()] ??= []).push(raw[index + 1] ?? '');
  }
  return result;
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,15}$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const rawHeaders = fc.array(fc.tuple(token, value), { maxLength: 12 }).map((list) => list.flat());

describe('the headers for an engine', () => {
  test('have the key of the run, its address as the host, and the origin of the request', () => {
    const sent = byName(requestHeaders(['Host', 'llama.lan:8080', 'Accept', '*/*'], FACTS));
    expect(sent).toEqual({
      accept: ['*/*'],
      host: ['127.0.0.1:8101'],
      authorization: ['Bearer run-key'],
      'x-request-id': ['id-1'],
      'x-forwarded-for': ['127.0.0.9'],
      'x-forwarded-host': ['llama.lan:8080'],
      'x-forwarded-proto': ['http'],
    });
  });

  test('keep the origin that a proxy in front reports, and add the peer', () => {
    const raw = [
      'X-Forwarded-For',
      '10.0.0.7',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'llama.example',
      'Host',
      'localhost',
    ];
    expect(byName(requestHeaders(raw, FACTS))).toMatchObject({
      'x-forwarded-for': ['10.0.0.7, 127.0.0.9'],
      'x-forwarded-proto': ['https'],
      'x-forwarded-host': ['llama.example'],
    });
  });

  test('have no credentials in another spelling', () => {
    const raw = ['X_Api_Key', 'mine', 'Api-Key', 'mine', 'X_Forwarded_For', '10.0.0.1', 'X-Mine', 'a_b'];
    const sent = byName(requestHeaders(raw, FACTS));
    expect(Object.keys(sent).filter((name) => name.includes('_') || name === 'api-key')).toEqual([]);
    expect(sent['x-mine']).toEqual(['a_b']);
  });

  test('have no key for an engine without a key', () => {
    expect(byName(requestHeaders(['Authorization', 'Bearer mine'], { ...FACTS, key: null }))).not.toHaveProperty(
      'authorization',
    );
  });

  test.each([
    ['none' as const, {}],
    ['chunked' as const, { 'transfer-encoding': ['chunked'] }],
    [12, { 'content-length': ['12'] }],
    [0, { 'content-length': ['0'] }],
  ])('announce a body of %s once, with any headers of the caller', (body, framing) => {
    const sent = byName(
      requestHeaders(['Content-Length', '999', 'Transfer-Encoding', 'gzip, chunked'], { ...FACTS, body }),
    );
    expect({ ...sent, ...framing }).toEqual(sent);
    expect([...(sent['content-length'] ?? []), ...(sent['transfer-encoding'] ?? [])]).toHaveLength(
      body === 'none' ? 0 : 1,
    );
  });

  test('have no credentials of the caller, in upper or lower case', () => {
    fc.assert(
      fc.property(
        rawHeaders,
        fc.constantFrom('authorization', 'x-api-key', 'cookie', 'proxy-authorization'),
        fc.infiniteStream(fc.boolean()),
        (raw, name, upper) => {
          const spelled = name
            .split('')
            .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
            .join('');
          const sent = requestHeaders([...raw, spelled, 'my-secret-credential'], FACTS);
          expect(sent.join('\n')).not.toContain('my-secret-credential');
        },
      ),
    );
  });

  test('have no header that Connection names or that concerns one connection', () => {
    fc.assert(
      fc.property(rawHeaders, fc.array(token, { maxLength: 3 }), (raw, named) => {
        const about = named.filter((name) => !/^(?:host|authorization|x-request-id|x-forwarded-.*)$/i.test(name));
        const sent = byName(
          requestHeaders([...about.flatMap((name) => [name, 'v']), 'Connection', about.join(' , '), ...raw], FACTS),
        );
        for (const name of [
          ...about,
          'Connection',
          'Keep-Alive',
          'TE',
          'Upgrade',
          'Proxy-Connection',
          'Trailer',
          'HTTP2-Settings',
        ]) {
          expect(sent).not.toHaveProperty([name.toLowerCase()]);
        }
      }),
    );
  });

  test('have no header that crosses callers, in any spelling', () => {
    const raw = ['X-Chat', '1', 'x_chat', '2', 'X-CHAT', '3', 'X-Chatty', '4'];
    const sent = byName(requestHeaders(raw, { ...FACTS, crossing: new Set(['x-chat']) }));
    expect(Object.keys(sent).filter((name) => /^x.chat/.test(name))).toEqual(['x-chatty']);
  });

  test('have all others, with order, case and duplicates kept', () => {
    const kept = fc.tuple(
      token.map((name) => `My-${name}`),
      value,
    );
    fc.assert(
      fc.property(fc.array(kept, { maxLength: 12 }), (list) => {
        expect(requestHeaders(list.flat(), FACTS).slice(0, list.length * 2)).toEqual(list.flat());
      }),
    );
  });
});

describe('the headers for a caller', () => {
  test("have the source, llamactl's headers, and the length of the body", () => {
    expect(
      responseHeaders(['Content-Type', 'application/json', 'Server', 'llama.cpp'], OWN, { ...ANSWER, length: 5 }),
    ).toEqual(
      [
        ['Content-Type', 'application/json'],
        ['Server', 'llama.cpp'],
        ['X-Request-Id', 'id-1'],
        ['X-Llamactl-Source', 'engine'],
        ['X-Content-Type-Options', 'nosniff'],
        ['Content-Length', '5'],
      ].flat(),
    );
  });

  test.each([
    'Access-Control-Allow-Origin',
    'access-control-anything',
    'Accept-CH',
    'Alt-Svc',
    'Clear-Site-Data',
    'Content-Length',
    'Content-Security-Policy-Report-Only',
    'Document-Policy',
    'Keep-Alive',
    'Link',
    'NEL',
    'Origin-Agent-Cluster',
    'Permissions-Policy',
    'RateLimit-Policy',
    'Refresh',
    'Reporting-Endpoints',
    'Secure-Session-Registration',
    'Service-Worker-Allowed',
    'Service-Worker-Navigation-Preload',
    'Set-Cookie',
    'Set-Login',
    'SourceMap',
    'Speculation-Rules',
    'Strict-Transport-Security',
    'Transfer-Encoding',
    'X-Accel-Redirect',
    'X-Accel-Expires',
    'X_Accel_Redirect',
    'X-Content-Type-Options',
    'X-Lighttpd-Send-File',
    'X-Lighttpd-Send-Tempfile',
    'X-LiteSpeed-Location',
    'X-Llamactl-Source',
    'X-RateLimit-Remaining',
    'x-ratelimit-limit-requests',
    'X-Reproxy-URL',
    'X-Request-Id',
    'X-Sendfile',
    'X-Sendfile2',
    'X-SourceMap',
  ])('have no %s from an engine', (name) => {
    const raw = ['Content-Type', 'text/plain', name, 'from-the-engine'];
    expect(responseHeaders(raw, OWN, ANSWER).join()).not.toContain('from-the-engine');
  });

  test("have llamactl's headers instead of the engine's, but both values of Vary", () => {
    const own = ['access-control-allow-origin', 'https://page.example', 'vary', 'Origin', 'x-own', 'ours'];
    expect(byName(responseHeaders(['Vary', 'Accept', 'X-Own', 'theirs'], own, ANSWER))).toMatchObject({
      vary: ['Accept', 'Origin'],
      'x-own': ['ours'],
      'access-control-allow-origin': ['https://page.example'],
    });
  });

  test.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8'])(
    'of a stream (%s) switch off buffering in proxies',
    (type) => {
      expect(
        byName(responseHeaders(['Content-Type', type, 'X-Accel-Buffering', 'yes'], OWN, ANSWER))['x-accel-buffering'],
      ).toEqual(['no']);
    },
  );

  test.each(['application/json', 'text/plain', 'text/event-streams'])(
    'of another answer (%s) do not mention buffering',
    (type) => {
      expect(byName(responseHeaders(['Content-Type', type], OWN, ANSWER))).not.toHaveProperty('x-accel-buffering');
    },
  );

  test.each([
    '',
    '(null)',
    '*/*',
    '; charset=utf-8',
    'a b/c',
    'application/javascript',
    'application/json, text/html',
    'application/json/html',
    'application/pdf',
    'application/unknown',
    'application/xhtml+xml',
    'audio/mpeg',
    'audio/x+xml',
    'foo',
    'image/png',
    'image/svg+xml',
    'message/rfc822',
    'multipart/x-mixed-replace; boundary=x',
    'TEXT/HTML; charset=utf-8',
    'text',
    'text/css',
    'text/html',
    'text/plain ,text/html',
    'text/plain; a="b, text/html"',
    'text/plain;',
    'text/plain; charset',
    'text/plain text/html',
    'text/vtt',
    'text/xml',
    'text/xsl',
    'unknown/unknown',
    'video/mp4',
    '"text/plain"',
  ])('of an answer that is not plain data (%j) sandbox it, also with a policy of the engine', (type) => {
    const raw = ['Content-Type', type, 'Content-Security-Policy', "default-src 'self'"];
    const answer = byName(responseHeaders(raw, OWN, ANSWER));
    expect(answer['content-security-policy']).toEqual(["default-src 'self'", SANDBOX]);
    expect(answer['x-content-type-options']).toEqual(['nosniff']);
  });

  test.each([
    ["default-src 'none'; report-uri /v1/x?model=a", "default-src 'none';"],
    ['report-to us; img-src *', '; img-src *'],
    ["style-src 'none' , REPORT-URI /a /b;img-src *, default-src *", "style-src 'none' ,;img-src *, default-src *"],
    ['report-uri', ''],
    ['default-src report-uri.example', 'default-src report-uri.example'],
  ])('have the policy of an engine (%s) without report addresses', (policy, left) => {
    const raw = ['Content-Type', 'text/html', 'content-security-policy', policy];
    expect(byName(responseHeaders(raw, OWN, ANSWER))['content-security-policy']).toEqual([left, SANDBOX]);
  });

  test.each([
    [[]],
    [['Content-Type', 'application/json', 'content-type', 'text/html']],
    [['Content-Type', 'text/plain', 'Content-Type', 'text/plain']],
  ])('of an answer with no type or several (%j) sandbox it', (raw) => {
    expect(byName(responseHeaders(raw, OWN, ANSWER))['content-security-policy']).toEqual([SANDBOX]);
  });

  test.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/octet-stream',
    'application/x-ndjson',
    'font/woff2',
    'text/csv',
    'text/event-stream',
    'text/plain; version=0.0.4; charset="utf-8"',
  ])('of plain data (%s) do not sandbox it, but forbid to guess its type', (type) => {
    const answer = byName(responseHeaders(['Content-Type', type], OWN, ANSWER));
    expect(answer).not.toHaveProperty('content-security-policy');
    expect(answer['x-content-type-options']).toEqual(['nosniff']);
  });

  test.each<[string, Partial<AnswerFacts>]>([
    ['304', { status: 304 }],
    ['206', { status: 206 }],
    ['an answer to HEAD', { method: 'HEAD' }],
  ])('of %s sandbox it with any type, because they may replace headers of a cached page', (_what, facts) => {
    const answer = byName(responseHeaders(['Content-Type', 'text/plain'], OWN, { ...ANSWER, ...facts }));
    expect(answer['content-security-policy']).toEqual([SANDBOX]);
  });

  test.each([
    'Cache-Control',
    'Content-Disposition',
    'Content-Encoding',
    'Content-Range',
    'Content-Security-Policy',
    'Content-Type',
    'Location',
    'Vary',
    'X-Frame-Options',
  ])('have %s even if Connection names it', (name) => {
    const raw = [name, 'text/plain', 'Connection', `close, ${name.toLowerCase()}`];
    expect(byName(responseHeaders(raw, OWN, ANSWER))[name.toLowerCase()]).toContain('text/plain');
  });

  test('sandbox by a type that Connection names, because that type is sent', () => {
    const raw = ['Content-Type', 'text/html', 'Connection', 'content-type'];
    expect(byName(responseHeaders(raw, OWN, ANSWER))).toMatchObject({
      'content-type': ['text/html'],
      'content-security-policy': [SANDBOX],
    });
  });

  test('have no other header that Connection names', () => {
    fc.assert(
      fc.property(rawHeaders, token, (raw, name) => {
        fc.pre(!OURS.test(name) && !isDecisive(name.toLowerCase()));
        const sent = byName(
          responseHeaders([...raw, name, 'v', 'connection', `close, ${name.toUpperCase()}`], OWN, ANSWER),
        );
        expect(sent).not.toHaveProperty([name.toLowerCase()]);
        expect(sent).not.toHaveProperty('connection');
      }),
    );
  });
});

describe('trailers', () => {
  test('pass by the same rules as headers', () => {
    const sent = requestTrailers(['X-Sum', '1', 'Authorization', 'x', 'X_Chat', 'x'], new Set(['x-chat']));
    expect(sent).toEqual([['X-Sum', '1']]);
    expect(responseTrailers(['X-Sum', '1', 'Set-Cookie', 'x', 'Access-Control-Allow-Origin', '*'])).toEqual([
      ['X-Sum', '1'],
    ]);
  });
});

test.each(['Content-Type', 'Content-Security-Policy', 'X-Content-Type-Options', 'Cache-Control', 'X-Accel-Redirect'])(
  'a trailer cannot be %s',
  (name) => expect(responseTrailers([name, 'x', 'X-Sum', '1'])).toEqual([['X-Sum', '1']]),
);

describe('the handshake of a WebSocket', () => {
  const { body: _body, ...facts } = FACTS;

  test('has all headers that request a WebSocket from the engine', () => {
    const raw = [
      'Connection',
      'keep-alive, Upgrade',
      'Upgrade',
      'websocket',
      'Sec-WebSocket-Key',
      'k',
      'Sec-WebSocket-Version',
      '13',
    ];
    expect(byName(upgradeRequestHeaders(raw, facts))).toMatchObject({
      connection: ['Upgrade'],
      upgrade: ['websocket'],
      'sec-websocket-key': ['k'],
      'sec-websocket-version': ['13'],
      authorization: ['Bearer run-key'],
    });
  });

  test.each([
    ['llamactl.v1, bearer.secret, chat', ['llamactl.v1, chat']],
    ['BEARER.secret', undefined],
    ['chat', ['chat']],
  ])('has the subprotocols %s without credentials', (given, sent) => {
    expect(byName(upgradeRequestHeaders(['Sec-WebSocket-Protocol', given], facts))['sec-websocket-protocol']).toEqual(
      sent,
    );
  });

  test("is accepted with the engine's headers", () => {
    const raw = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'a', 'Set-Cookie', 'c=1'];
    const answer = byName(upgradeResponseHeaders(raw, OWN));
    expect(answer).toMatchObject({ connection: ['Upgrade'], upgrade: ['websocket'], 'sec-websocket-accept': ['a'] });
    expect(answer).not.toHaveProperty('set-cookie');
  });
});
