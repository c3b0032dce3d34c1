import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS, PASS_THROUGH } from '@llamactl/contract/operations';
import { PERMISSIONS } from '@llamactl/contract/permissions';
import { beforeAll, describe, expect, it } from 'vitest';
import { ERROR_SHAPES } from '../gateway/dialects.ts';
import { SlicedWork } from '../sliced-work.ts';
import { AuthHarness } from '../testing/auth-harness.ts';
import { testConfig, testServer, type TestServer } from '../testing/http-harness.ts';
import { seenBy } from './edge/gate.ts';
import type { Access, HttpPlugin } from './plugin.ts';
import { gatewayRoutes } from './routes/gateway.routes.ts';
import { webSocketRoutes } from './routes/websocket.routes.ts';
import { NOT_LIMITED } from './edge/rate-limit.ts';

/** Every request × every kind of credential, against the real authentication and the table that docs/permissions.md prints. */

/** Columns of the table. */
const GOOD = ['anonymous', 'viewer', 'operator', 'admin', 'inference key', 'metrics key'] as const;
/** Credentials that count as none. */
const BAD = [
  'expired token',
  'revoked token',
  'alg:none token',
  'foreign signature',
  'garbage',
  'expired key',
  'revoked key',
] as const;

/** Rows of the table: request, permission, cost, and whether each column is allowed. */
function printedRows(): Map<string, string[]> {
  const page = readFileSync(new URL('../../docs/permissions.md', import.meta.url), 'utf8');
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.filter((cells) => cells[1]?.startsWith('`')).map((cells) => [cells[1]?.slice(1, -1) ?? '', cells.slice(2)]),
  );
}
const ROWS = printedRows();

interface Call {
  id: string;
  /** The request as the table prints it. */
  request: string;
  method: Operation['method'];
  url: string;
}

const CALLS: Call[] = [
  ...Object.values<Operation>(OPERATIONS).map(({ id, method, path }) => ({
    id,
    request: `${method} ${path}`,
    method,
    url: path
      .replace('{name}', 'mine')
      .replace('{username}', 'unknown')
      .replace('{id}', 'none')
      .replace('{engine}', 'none')
      .replace('{request_id}', 'none'),
  })),
  { id: 'inference', request: `any ${PASS_THROUGH.inference.path}`, method: 'GET', url: '/v1/models' },
  { id: 'inference', request: `any ${PASS_THROUGH.inference.path}`, method: 'POST', url: '/v1/messages?model=mine' },
  { id: 'native', request: `any ${PASS_THROUGH.native.path}`, method: 'POST', url: '/infill?model=mine' },
  { id: 'proxy', request: `any ${PASS_THROUGH.proxy.path}`, method: 'POST', url: '/api/instances/mine/proxy/x' },
  { id: 'events', request: `any ${PASS_THROUGH.events.path}`, method: 'GET', url: '/api/ws' },
  ...[PASS_THROUGH.page, PASS_THROUGH.pageAssets, PASS_THROUGH.pageIcon, PASS_THROUGH.pageManifest].map(
    ({ id, method, path }): Call => ({ id, request: `${method} ${path}`, method, url: path.replace('*', 'none.js') }),
  ),
  { id: 'documentation', request: `GET ${PASS_THROUGH.documentation.path}`, method: 'GET', url: '/docs' },
];

let harness: AuthHarness;
let test: TestServer;
/** Secrets by the name of their column; `null`: none is sent. */
const secrets = new Map<string, string | null>();

const nothing = (): void => undefined;

function plugins(): HttpPlugin[] {
  const { clock, auth } = harness;
  return [
    gatewayRoutes({ instancesFor: (caller) => seenBy(caller, test.manager), clock, work: new SlicedWork(clock) }),
    webSocketRoutes({
      limits: { count: () => NOT_LIMITED },
      addressOf: () => '127.0.0.1',
      ...auth,
      events: { join: () => ({ lastSeq: 0, subscribe: nothing, drained: nothing, leave: nothing }) },
      logsFor: () => test.manager,
      onFault: nothing,
      isAuthEnabled: true,
      clock,
    }),
  ];
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function forged(token: string, header: object, sign: (text: string) => string): string {
  const [head = '', claims = ''] = token.split('.');
  const known = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
  const text = `${base64({ ...known, ...header })}.${claims}`;
  return `${text}.${sign(text)}`;
}

beforeAll(async () => {
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  const keyUntil = new Date(harness.clock.now() + 60_000).toISOString();
  secrets.set('expired token', await harness.tokenOf('root', 'admin'));
  secrets.set(
    'expired key',
    await harness.keyOf(await harness.loggedIn('root'), { scopes: ['admin'], expires_at: keyUntil }),
  );
  await harness.clock.advance(2 * 3_600_000);

  const root = await harness.loggedIn('root');
  secrets.set('anonymous', null);
  for (const role of ['viewer', 'operator', 'admin'] as const) await harness.user(`the-${role}`, role);
  secrets.set('inference key', await harness.keyOf(root));
  secrets.set('metrics key', await harness.keyOf(root, { scopes: ['metrics'] }));
  secrets.set(
    'key of another instance',
    await harness.keyOf(root, { scopes: ['operator', 'inference'], instances: ['other'] }),
  );
  secrets.set('key that may not start', await harness.keyOf(root, { scopes: ['admin'], may_start: false }));

  const token = await harness.tokenOf('root');
  const revoked = await harness.tokenOf('root');
  await harness.auth.sessions.logout(await harness.caller(revoked));
  secrets.set('revoked token', revoked);
  const dead = await harness.auth.keys.create(root, { name: 'dead', scopes: ['admin'] });
  await harness.auth.keys.remove(root, dead.info.id);
  secrets.set('revoked key', dead.key);
  secrets.set(
    'alg:none token',
    forged(token, { alg: 'none' }, () => ''),
  );
  const foreign = (text: string): string => createHmac('sha256', randomBytes(32)).update(text).digest('base64url');
  secrets.set('foreign signature', forged(token, {}, foreign));
  secrets.set('garbage', 'Zm9v.YmFy.\u0001');

  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    errorShapes: ERROR_SHAPES,
    plugins: plugins(),
  });
});

interface Outcome {
  kind: 'allowed' | 'who are you' | 'too little' | 'no such instance' | 'may not start';
  headers: Record<string, unknown>;
  body: string;
}

async function outcomeOf({ method, url }: Call, column: string): Promise<Outcome> {
  // A call may have removed the instance.
  if (test.manager.idOf('mine') === null) await test.manager.create({ name: 'mine' });
  // Use new tokens: some calls end their own token.
  const isRole = column === 'viewer' || column === 'operator' || column === 'admin';
  const secret = isRole ? await harness.tokenOf(`the-${column}`) : (secrets.get(column) ?? null);
  const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
  const answer = await test.inject({ method, url, headers });
  return { kind: kindOf(answer.statusCode, answer.body), headers: answer.headers, body: answer.body };
}

function kindOf(status: number, body: string): Outcome['kind'] {
  if (status === 401) return 'who are you';
  if (status === 403 && body.includes('This needs the role')) return 'too little';
  if (status === 403 && body.includes('may not start')) return 'may not start';
  if (status === 404 && /INSTANCE_NOT_FOUND|model_not_found|not_found_error/.test(body)) return 'no such instance';
  return 'allowed';
}

describe.each(CALLS)('$request', (call) => {
  const [permission = '', , ...cells] = ROWS.get(call.request) ?? [];

  it.each(GOOD)('is allowed as the table says: %s', async (column) => {
    const isAllowed = cells[GOOD.indexOf(column)] === 'yes';
    const refused = column === 'anonymous' ? 'who are you' : 'too little';
    expect((await outcomeOf(call, column)).kind).toBe(isAllowed ? 'allowed' : refused);
  });

  it.each(BAD)('treats as missing credentials: %s', async (column) => {
    expect((await outcomeOf(call, column)).kind).toBe(cells[0] === 'yes' ? 'allowed' : 'who are you');
  });

  it('reaches no instance with a key of another instance', async () => {
    const isAbout = call.url.includes('mine');
    const isAllowed = cells[GOOD.indexOf('operator')] === 'yes' || cells[0] === 'yes';
    const expected = isAllowed ? (isAbout ? 'no such instance' : 'allowed') : 'too little';
    expect((await outcomeOf(call, 'key of another instance')).kind).toBe(expected);
  });

  it('starts nothing with a key that may not start', async () => {
    const starts = ['startInstance', 'restartInstance', 'startAllInstances'].includes(call.id);
    expect((await outcomeOf(call, 'key that may not start')).kind).toBe(starts ? 'may not start' : 'allowed');
  });

  it('says how to authenticate, in the format of its path', async () => {
    const { kind, headers, body } = await outcomeOf(call, 'garbage');
    if (kind === 'allowed') return;
    expect(headers['www-authenticate']).toBe('Bearer');
    const answer: unknown = JSON.parse(body);
    if (call.url.startsWith('/v1/messages')) {
      expect(answer).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    } else if (call.url.startsWith('/v1') || call.id === 'native') {
      expect(answer).toMatchObject({ error: { type: 'authentication_error', code: 'unauthorized' } });
    } else expect(answer).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('has a row', () => {
    expect(Object.keys(PERMISSIONS)).toContain(permission);
  });
});

describe('the routes of the server', () => {
  it('have the access rule of their operation', async () => {
    const server = testServer({ plugins: plugins() }).server.app;
    const routes: { url: string; access: Access | undefined }[] = [];
    server.addHook('onRoute', ({ url, config }) => void routes.push({ url, access: config?.access }));
    await server.ready();
    const rows = [...Object.values<Access>(OPERATIONS), ...Object.values<Access>(PASS_THROUGH)];
    for (const { url, access } of routes) {
      const row = rows.find(({ id }) => id === access?.id);
      expect(row, url).toBeDefined();
      expect(row, url).toMatchObject({ permission: access?.permission, cost: access?.cost });
    }
    expect(new Set(routes.map(({ access }) => access?.id)).size).toBe(rows.length);
  });
});
