import type { ErrorCode } from '@llamactl/contract/errors';
import { handshake, request } from './raw-request.ts';

/** Malicious requests as raw bytes, with the expected answer of each. */

/** One request, with all that comes with it. Under `/v1` the code is a word of OpenAI's shape. */
export interface Attack {
  what: string;
  bytes: string | Buffer;
  refused: readonly [status: number, code: ErrorCode];
}

type Entry = readonly [what: string, bytes: string | Buffer];

const group = (status: number, code: ErrorCode, entries: readonly Entry[]): Attack[] =>
  entries.map(([what, bytes]) => ({ what, bytes, refused: [status, code] }));

const JSON_TYPE = 'Content-Type: application/json';
const INSTANCE = '{"name":"intruder","model_path":"/m.gguf"}';
const create = (...lines: string[]): string => request('POST /api/instances', [JSON_TYPE, ...lines], INSTANCE);
const createWith = (body: string, type = JSON_TYPE): string => request('POST /api/instances', [type], body);
const inference = (body: string): string => request('POST /v1/chat/completions', [JSON_TYPE], body);
/** A request with its own framing, and one that would be let out behind it. */
const smuggled = (framing: readonly string[], body: string): string =>
  [
    'POST /api/instances HTTP/1.1',
    'Host: localhost',
    JSON_TYPE,
    ...framing,
    '',
    `${body}GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  ].join('\r\n');

const UNDER_A_FOREIGN_NAME = [
  ...[
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '[::]',
    'localhost@evil.example',
  ].map((host): Entry => [`Host: ${host}`, request('GET /api/instances', [`Host: ${host}`])]),
  ['a foreign name with our port', request('GET /api/config', ['Host: evil.example:8080'])],
  ['a foreign name for a probe', request('GET /livez', ['Host: evil.example'])],
  ['a foreign name for the gateway', request('GET /v1/models', ['Host: evil.example'])],
  ['a foreign name for an engine', request('GET /api/instances/victim/proxy/', ['Host: evil.example'])],
  ['a foreign name for nothing', request('GET /nothing', ['Host: evil.example'])],
  [
    'a foreign name and our own as forwarded',
    request('GET /livez', ['Host: evil.example', 'X-Forwarded-Host: localhost']),
  ],
  ['a whole URL of a foreign host', request('GET http://evil.example/api/instances')],
  ['a whole URL of ours, under a foreign name', request('GET http://localhost/api/instances', ['Host: evil.example'])],
  [
    'a URL that begins with two slashes and a host',
    request('GET //evil.example/api/instances', ['Host: evil.example']),
  ],
] as const satisfies readonly Entry[];

const FROM_A_FOREIGN_PAGE = [
  ...[
    'https://evil.example',
    'null',
    'file://',
    'chrome-extension://abcdef',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://localhost, https://evil.example',
    'about:blank',
  ].map((origin): Entry => [`Origin: ${origin}`, create(`Origin: ${origin}`)]),
  ['an Origin without a value', create('Origin:')],
  ['our Origin and a foreign one', create('Origin: http://localhost', 'Origin: https://evil.example')],
  ['Sec-Fetch-Site: cross-site without an Origin', create('Sec-Fetch-Site: cross-site')],
  ['Sec-Fetch-Site: same-site without an Origin', create('Sec-Fetch-Site: same-site')],
  ['our own Origin, but across sites', create('Origin: http://localhost', 'Sec-Fetch-Site: cross-site')],
  [
    'text/plain',
    request('POST /api/instances', ['Content-Type: text/plain', 'Origin: https://evil.example'], INSTANCE),
  ],
  [
    'a form',
    request('POST /api/instances', ['Content-Type: application/x-www-form-urlencoded', 'Origin: null'], 'name=a'),
  ],
  ['no body at all', request('POST /api/instances/stop-all', ['Origin: https://evil.example'])],
  ['a PUT', request('PUT /api/config', [JSON_TYPE, 'Origin: https://evil.example'], '{}')],
  ['a DELETE', request('DELETE /api/instances/victim', ['Origin: https://evil.example'])],
  [
    'the gateway',
    request('POST /v1/chat/completions', [JSON_TYPE, 'Origin: https://evil.example'], '{"model":"victim"}'),
  ],
  [
    'the page of an engine that calls us',
    request('POST /api/instances/victim/stop', ['Origin: null', 'Sec-Fetch-Site: cross-site']),
  ],
  ['the page of an engine that calls the engine', request('POST /api/instances/victim/proxy/x', ['Origin: null'], 'x')],
  ['a WebSocket', handshake('/api/ws', 'Origin: https://evil.example')],
  ['a WebSocket of Origin null', handshake('/api/ws', 'Origin: null')],
  ['a WebSocket across sites', handshake('/api/ws', 'Sec-Fetch-Site: cross-site')],
  ['a WebSocket to an engine', handshake('/api/instances/victim/proxy/', 'Origin: https://evil.example')],
  ['a WebSocket under a foreign name', handshake('/api/ws', 'Host: evil.example')],
] as const satisfies readonly Entry[];

const FOREIGN: readonly Entry[] = [
  ['an Origin', 'Origin: https://evil.example'],
  ['Origin null', 'Origin: null'],
  ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image'],
  ['a link', 'Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate'],
  ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Site: same-site'],
  ['two values of Sec-Fetch-Site', 'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site'],
  ['a Referer of an old browser', 'Referer: https://evil.example/page'],
];
/** All spellings by which the router comes to `/v1`. */
const INFERENCE_TARGETS = [
  '/v1/models?model=victim',
  '/v1/x?model=victim',
  '/%76%31/x?model=victim',
  '/v1//x?model=victim',
  '/v1/../v1/x?model=victim',
  'http://localhost/v1/x?model=victim',
  'HTTP://LOCALHOST:8080/v1/x?model=victim',
] as const;

/** A GET under `/v1` can start an engine, and one of an engine does what the engine likes. */
const READ_BY_A_FOREIGN_PAGE: readonly Entry[] = [
  ...FOREIGN.map(([what, lines]): Entry => [
    `/v1 with ${what}`,
    request('GET /v1/x?model=victim', String(lines).split('\r\n')),
  ]),
  ...INFERENCE_TARGETS.map((target): Entry => [
    `GET ${target}`,
    request(`GET ${target}`, ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image']),
  ]),
  ...['empty', 'iframe', 'object', 'embed', 'worker', 'audio'].map((dest): Entry => [
    `an engine as ${dest}`,
    request('GET /api/instances/victim/proxy/seen', ['Sec-Fetch-Site: cross-site', `Sec-Fetch-Dest: ${dest}`]),
  ]),
  ['an engine by a script', request('GET /api/instances/victim/proxy/seen', ['Origin: https://evil.example'])],
  ['an engine by the page of an engine', request('GET /api/instances/%76ictim/proxy/seen', ['Origin: null'])],
  [
    'a POST to an engine that calls itself a document',
    request('POST /api/instances/victim/proxy/seen', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: document'], 'x'),
  ],
  [
    'a WebSocket to an engine that calls itself a document',
    handshake('/api/instances/victim/proxy/socket', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: document'),
  ],
];

const TWO_REQUESTS_IN_ONE = [
  ['a length beside chunks', smuggled(['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['chunks beside a length', smuggled(['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n')],
  ['two lengths', smuggled(['Content-Length: 2', 'Content-Length: 0'], '')],
  ['two lengths in one line', smuggled(['Content-Length: 2, 0'], '')],
  ['a length with a sign', smuggled(['Content-Length: +2'], '{}')],
  ['a length in hexadecimal', smuggled(['Content-Length: 0x2'], '{}')],
  ['a length below zero', smuggled(['Content-Length: -1'], '')],
  ['a length beyond any number', smuggled([`Content-Length: ${'9'.repeat(40)}`], '')],
  ['chunked, then identity', smuggled(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')],
  ['chunked twice', smuggled(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], '0\r\n\r\n')],
  ['something like chunked', smuggled(['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
  ['a space before the colon', smuggled(['Transfer-Encoding : chunked'], '0\r\n\r\n')],
  ['a folded header', smuggled(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n')],
  ['a header line that begins with a space', smuggled([' Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['a vertical tab before chunked', smuggled(['Transfer-Encoding: \vchunked'], '0\r\n\r\n')],
  ['a bare line feed', 'GET /api/instances HTTP/1.1\nHost: localhost\n\n'],
  ['a bare line feed in the header', 'GET /api/instances HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n'],
  ['a bare carriage return', 'GET /api/instances HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n'],
  ['a chunk whose size is none', smuggled(['Transfer-Encoding: chunked'], 'x\r\n\r\n')],
  ['a chunk whose size is too large for any number', smuggled(['Transfer-Encoding: chunked'], `${'f'.repeat(17)}\r\n`)],
  ['a chunk that is longer than its size', smuggled(['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n')],
] as const satisfies readonly Entry[];

const NO_REQUEST = [
  ['HTTP/0.9', 'GET /api/instances\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/3.0', 'GET /api/instances HTTP/3.0\r\nHost: localhost\r\n\r\n'],
  ['the start of TLS', Buffer.from('16030100a5010000a10303', 'hex')],
  ['an unknown method', 'EVIL /api/instances HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['NUL in a path', 'GET /api\0/instances HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['NUL in a header', request('GET /api/instances', ['X: a\0b'])],
  ['a header without a name', request('GET /api/instances', [': x'])],
  ['no Host', 'GET /api/instances HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['two Hosts', request('GET /api/instances', ['Host: localhost', 'Host: evil.example'])],
  ['a malformed escape', request('GET /api/instances/%zz')],
  ['an escape that is no UTF-8', request('GET /api/instances/%c0%ae')],
] as const satisfies readonly Entry[];

const OUT_OF_BOUNDS = [
  ...group(431, 'PAYLOAD_TOO_LARGE', [
    ['a header of 17 KiB', request('GET /api/instances', [`X: ${'a'.repeat(17_000)}`])],
    ['a header of a megabyte', request('GET /api/instances', [`X: ${'a'.repeat(1_000_000)}`])],
    ['a cookie of 17 KiB', request('GET /api/instances', [`Cookie: ${'a'.repeat(17_000)}`])],
    [
      'ten thousand headers',
      request(
        'GET /api/instances',
        Array.from({ length: 10_000 }, (_, at) => `X-${at}: y`),
      ),
    ],
  ]),
  ...group(414, 'URI_TOO_LONG', [
    ['a URL of 9 KiB', request(`GET /api/instances/${'a'.repeat(9_000)}`)],
    ['a query of 9 KiB', request(`GET /api/instances?${'a=b&'.repeat(2_300)}`)],
    ['a URL of a megabyte', request(`GET /${'a'.repeat(1_000_000)}`)],
  ]),
  ...group(413, 'PAYLOAD_TOO_LARGE', [
    [
      'a login of a megabyte',
      request('POST /api/auth/login', [JSON_TYPE], `{"username":[1${',1'.repeat(500_000)}],"password":"b"}`),
    ],
    ['a body of 2 MiB', createWith(JSON.stringify('a'.repeat(2_097_152)))],
    [
      'a body that says it has a terabyte',
      request('POST /api/instances', [JSON_TYPE, 'Content-Length: 1099511627776']),
    ],
    [
      'chunks of more than a megabyte',
      request('POST /api/instances', [JSON_TYPE, 'Transfer-Encoding: chunked'], '').concat(
        `10000\r\n${' '.repeat(65_536)}\r\n`.repeat(17),
        '0\r\n\r\n',
      ),
    ],
    ['chunk extensions of a megabyte', smuggled(['Transfer-Encoding: chunked'], `1;${'a'.repeat(1_000_000)}\r\nx\r\n`)],
  ]),
];

const METHODS = [
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
  ['CONNECT to ourselves', 'CONNECT localhost:8080 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n'],
  ...['TRACE', 'PATCH', 'PROPFIND', 'DELETE', 'PURGE'].map((method): Entry => [
    method,
    request(`${method} /api/instances`),
  ]),
  ['a GET to what changes something', request('GET /api/instances/victim/stop')],
  ['a HEAD to what changes something', request('GET /api/instances/stop-all')],
] as const satisfies readonly Entry[];

/** Paths that try to leave a folder of files, or to pass checks of their beginning. */
const TRAVERSALS = [
  ['/../../../../etc/passwd'],
  ['/ui/../../../../etc/passwd'],
  ['/api/../../../etc/passwd'],
  ['/%2e%2e/%2e%2e/%2e%2e/etc/passwd'],
  ['/..%2f..%2f..%2fetc/passwd'],
  ['/%252e%252e/%252e%252e/etc/passwd'],
  ['/..%5c..%5c..%5cetc%5cpasswd'],
  ['/..\\..\\..\\etc\\passwd'],
  ['/....//....//etc/passwd'],
  ['/etc/passwd%00.html'],
  ['/ui/%00/../../llamactl.yaml'],
  ['/.;/../etc/passwd'],
  ['/file:///etc/passwd'],
  ['//etc/passwd'],
  ['/livez/../api/instances'],
  ['/API/INSTANCES'],
  ['/api//instances'],
  ['/api/instances/'],
  ['/api/instances;x=/livez'],
  ['/api/instances%2fvictim'],
  ['/api%2finstances'],
].map(([path]): Entry => [`GET ${path ?? ''}`, request(`GET ${path ?? ''}`)]);

/** To what the callers of one engine would share: sessions, stored answers, files. */
const SHARED_BY_CALLERS = [
  'GET /v1/stream?conv_id=1',
  'GET /v1/stream?conv_id=1&model=victim',
  'GET /v1/stream/1?model=victim',
  'GET /v1/stream/?conv_id=1&model=victim',
  'GET /v1//stream?conv_id=1&model=victim',
  'GET /v1/Stream?conv_id=1&model=victim',
  'GET /v1/stream;x?conv_id=1&model=victim',
  'GET /v1/%73tream?conv_id=1&model=victim',
  'GET /v1/%2573tream?conv_id=1&model=victim',
  'GET /v1/stream%2f?conv_id=1&model=victim',
  'GET /v1/stream%00?conv_id=1&model=victim',
  'DELETE /v1/stream?conv_id=1&model=victim',
  'POST /v1/streams/lookup?model=victim',
  'POST /v1/chat/completions/control?model=victim',
  'POST /v1/chat/completions/%63ontrol?model=victim',
  'GET /v1/responses/resp_1?model=victim',
  'POST /v1/responses/resp_1/cancel?model=victim',
  'GET /v1/files?model=victim',
  'GET /v1/files/1/content?model=victim',
  'GET /v1/batches?model=victim',
  'POST /v1/load_lora_adapter?model=victim',
].map((line): Entry => [line, request(line, line.startsWith('POST') ? [JSON_TYPE] : [])]);

const NAMES = [
  '..',
  '%2e%2e',
  '..%2f..%2fetc',
  '__proto__',
  'constructor',
  'toString',
  '%00',
  'victim%00',
  'victim%20',
  'a'.repeat(5_000),
].map((name): Entry => [`an instance of the name ${name.slice(0, 20)}`, request(`GET /api/instances/${name}`)]);

const deep = (depth: number): string => `{"name":"intruder","options":${'['.repeat(depth)}${']'.repeat(depth)}}`;

const BODIES = [
  ...group(400, 'INVALID_JSON', [
    ['half a JSON text', createWith('{"name":')],
    ['a comment', createWith('{/**/}')],
    ['no number', createWith('{"name":NaN}')],
    [
      'bytes that are no UTF-8',
      Buffer.from(createWith('{"name":"\u0080"}').replace('Length: 13', 'Length: 12'), 'latin1'),
    ],
  ]),
  ...group(400, 'VALIDATION_ERROR', [
    ['a megabyte of wrong aliases', createWith(`{"name":"x","aliases":[""${',""'.repeat(300_000)}]}`)],
    ['a megabyte of wrong options', createWith(`{"name":"x","options":{"a":[{}${',{}'.repeat(300_000)}]}}`)],
    ['__proto__', createWith('{"__proto__":{"name":"intruder","model_path":"/m.gguf"}}')],
    [
      '__proto__ beside good fields',
      createWith('{"name":"intruder","model_path":"/m.gguf","__proto__":{"auto_start":true}}'),
    ],
    [
      '__proto__ among the options',
      createWith('{"name":"intruder","model_path":"/m.gguf","options":{"__proto__":{"host":"0.0.0.0"}}}'),
    ],
    [
      'constructor.prototype',
      createWith('{"name":"intruder","model_path":"/m.gguf","constructor":{"prototype":{"x":1}}}'),
    ],
    [
      '__proto__ in the configuration',
      request('PUT /api/config', [JSON_TYPE], '{"__proto__":{"stats":{"interval":9}}}'),
    ],
    ['__proto__ in a section of it', request('PUT /api/config', [JSON_TYPE], '{"stats":{"__proto__":{"interval":9}}}')],
    ['__proto__ in the query', request('GET /api/instances?__proto__[x]=1')],
    ['brackets a thousand deep', createWith(deep(1_000))],
    ['brackets a hundred thousand deep', createWith(deep(100_000))],
    ['a list instead of an object', createWith('[]')],
    ['the name of a folder', createWith('{"name":"../../x","model_path":"/m.gguf"}')],
    ['a name with a line feed', createWith('{"name":"a\\nb","model_path":"/m.gguf"}')],
    ['a name with half a character', createWith('{"name":"\\ud800","model_path":"/m.gguf"}')],
    ['a NUL in a path', createWith('{"name":"intruder","model_path":"/m\\u0000.gguf"}')],
    [
      'a NUL in the environment',
      createWith('{"name":"intruder","model_path":"/m.gguf","environment":{"A":"b\\u0000C=d"}}'),
    ],
    ['another run than a number', request('GET /api/instances/victim/logs?run=../../../etc/passwd')],
  ]),
  ...group(400, 'PRIVILEGED_OPTION', [
    ['an option that runs code', createWith('{"name":"intruder","model_path":"/m.gguf","options":{"tools":"all"}}')],
    ...[
      'CUBLAS_LOGDEST_DBG',
      'FLEXIBLAS',
      'CONTAINERS_CONF_OVERRIDE',
      'FFREPORT',
      'LD_PRELOAD',
      'HF_HOME',
      'cuda_visible_devices',
      'LLAMA_ARG_TOOLS',
      'SOME_VARIABLE_OF_TOMORROW',
    ].map((name): Entry => {
      const environment = JSON.stringify({ [name]: '/tmp/x' });
      return [
        `the variable ${name}`,
        createWith(`{"name":"intruder","model_path":"/m.gguf","environment":${environment}}`),
      ];
    }),
    [
      'a path in a variable that takes none',
      createWith('{"name":"intruder","model_path":"/m.gguf","environment":{"TZ":":/etc/shadow"}}'),
    ],
    [
      'a file of arguments for an engine',
      createWith('{"name":"intruder","engine":"page","options":{"x":"@/etc/shadow"}}'),
    ],
  ]),
  ...group(
    400,
    'VALIDATION_ERROR',
    ['--${NAME}', '-${NAME}', '--x${NAME}', '--${MODEL_PATH}=1', '${API_KEY}'].map((argument): Entry => [
      `a flag, or a key, of a placeholder: ${argument}`,
      createWith(`{"name":"host","engine":"page","extra_args":["${argument}","0.0.0.0"]}`),
    ]),
  ),
  ...group(400, 'RESERVED_OPTION', [
    ['an option that is ours', createWith('{"name":"intruder","model_path":"/m.gguf","options":{"host":"0.0.0.0"}}')],
  ]),
  ...group(415, 'UNSUPPORTED_MEDIA_TYPE', [
    ['text/plain without a page', createWith(INSTANCE, 'Content-Type: text/plain')],
    ['a form without a page', createWith('name=a', 'Content-Type: application/x-www-form-urlencoded')],
    ['a form with a file', createWith('--x--', 'Content-Type: multipart/form-data; boundary=x')],
    ['no type', createWith(INSTANCE, 'X: y')],
    ['a packed body', request('POST /api/instances', [JSON_TYPE, 'Content-Encoding: gzip'], 'x')],
  ]),
  ...group(400, 'VALIDATION_ERROR', [
    ['a million members for an engine', inference(`{"model":"victim"${',"":0'.repeat(1_000_000)}}`)],
    ['a million times the same key', inference(`{${'"model":"victim",'.repeat(1_000_000)}"x":0}`)],
  ]),
  ...group(404, 'MODEL_NOT_FOUND', [
    ['the name of a model of a megabyte', inference(`{"model":"${'a'.repeat(1_000_000)}"}`)],
    ['a name of escapes', inference(String.raw`{"model":"${String.raw`a`.repeat(200_000)}"}`)],
  ]),
  ...group(400, 'INVALID_JSON', [
    ['a key of a megabyte of escapes', inference(String.raw`{"${String.raw`a`.repeat(200_000)}":`)],
    ['a million brackets', inference(`{"model":"victim","x":${'['.repeat(1_000_000)}}`)],
  ]),
  ...group(403, 'FORBIDDEN', [
    ['a program for alerts', request('PUT /api/config', [JSON_TYPE], '{"alerts":{"command":["/bin/sh"]}}')],
    ['another engine', request('PUT /api/config', [JSON_TYPE], '{"engines":{"llama_cpp":{"command":"/bin/sh"}}}')],
    ...[
      '{"engines":{"mine":{"kind":"custom","command":"/bin/sh"}}}',
      '{"engines":{"page":{"environment":{"LD_PRELOAD":"/tmp/x.so"}}}}',
      '{"engines":null}',
      '{"data_dir":"/tmp/x"}',
      '{"models":{"dirs":["/"]}}',
      '{"models":{"hf_endpoint":"https://evil.example"}}',
      '{"alerts":{"webhook":"https://evil.example"}}',
      '{"security":{"allow_privileged":true},"alerts":{"command":["/bin/sh"]}}',
    ].map((body): Entry => [`the configuration ${body}`, request('PUT /api/config', [JSON_TYPE], body)]),
    [
      'the right to options that run code',
      request('PUT /api/config', [JSON_TYPE], '{"security":{"allow_privileged":true}}'),
    ],
  ]),
];

/** All of them. What is refused is refused before anything is done. */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'under a foreign name': group(403, 'FORBIDDEN', UNDER_A_FOREIGN_NAME),
  'from a foreign page': group(403, 'FORBIDDEN', FROM_A_FOREIGN_PAGE),
  'read by a foreign page': group(403, 'FORBIDDEN', READ_BY_A_FOREIGN_PAGE),
  'two requests in one': group(400, 'VALIDATION_ERROR', TWO_REQUESTS_IN_ONE),
  'what is no request': group(400, 'VALIDATION_ERROR', NO_REQUEST),
  'out of bounds': OUT_OF_BOUNDS,
  'by another method': group(405, 'METHOD_NOT_ALLOWED', METHODS),
  'by a path that leads elsewhere': group(404, 'NOT_FOUND', TRAVERSALS),
  'to what callers share': group(404, 'NOT_FOUND', SHARED_BY_CALLERS),
  'by the name of an instance': group(404, 'INSTANCE_NOT_FOUND', NAMES),
  'by a body': BODIES,
};
