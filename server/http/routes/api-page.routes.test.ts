import type { Operation } from '@llamactl/contract/operation';
import { openApiDocument } from '@llamactl/contract/openapi';
import { OPERATIONS } from '@llamactl/contract/operations';
import { describe, expect, it } from 'vitest';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { EXAMPLES } from '../api-page/operation.ts';
import { markup, prose } from '../api-page/markup.ts';
import { aboutOf, fieldsOf, kindOf, type Way } from '../api-page/schema.ts';
import { sentSchemas } from '../api-page/page.ts';
import { testConfig, testServer } from '../../testing/http-harness.ts';

const operations = Object.values<Operation>(OPERATIONS);
/** Rate limits with headers in every counted answer. */
const COUNTED = { count: () => ({ headers: { 'x-ratelimit-limit': '100' }, refusal: null }) };
const page = async (parts: Parameters<typeof testServer>[0] = {}, url = '/docs') =>
  testServer({ limits: COUNTED, ...parts }).inject({ method: 'GET', url });

describe('the API page', () => {
  it('has every operation, with its path, its meaning and its permission', async () => {
    const { body } = await page();
    for (const { id, path, permission } of operations) {
      const from = body.indexOf(`<details class="operation" id="${id}">`);
      expect(from, id).toBeGreaterThan(0);
      const about = body.slice(from, body.indexOf('class="operation"', from + 30));
      expect(about).toContain(`<code class="path">${path}</code>`);
      expect(about).toContain(`who: <b>${permission}</b>`);
    }
  });

  it('has every schema and no dead link', async () => {
    const { body } = await page();
    const ids = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...body.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id ?? '');
    expect(links.length).toBeGreaterThan(operations.length);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    const names = Object.keys(openApiDocument('0.1.0').components.schemas);
    expect(names.filter((name) => !ids.has(`schema-${name}`))).toEqual([]);
  });

  it('distinguishes schemas that callers write from schemas in answers', () => {
    const sent = sentSchemas(openApiDocument('0.1.0'));
    expect([...sent]).toEqual(expect.arrayContaining(['CreateInstance', 'Options', 'Fleet']));
    for (const name of ['Instance', 'ConfigView', 'Error']) expect(sent).not.toContain(name);
  });

  it('marks as required what callers must write, and nothing in answers', async () => {
    const { body } = await page();
    const partOf = (id: string): string =>
      /^[^]*?<\/details> (?=<details class|<\/section>)/.exec(body.slice(body.indexOf(` id="${id}"`)))?.[0] ?? '';
    const musts = ['createUser', 'schema-CreateUser', 'listInstances', 'schema-Instance'].map(
      (id) => partOf(id).split('class="must"').length - 1,
    );
    expect(musts).toEqual([3, 3, 0, 0]);
    expect(partOf('schema-Instance')).toContain('class="may"');
  });

  it('loads nothing, and allows nothing to be loaded', async () => {
    const { body, headers } = await page();
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).not.toMatch(/\b(src|action|data-src)=|@import|url\(/);
    expect([...body.matchAll(/<link [^>]*>/g)].map(([tag]) => tag)).toEqual(['<link rel="icon" href="data:," />']);
    const hosts = [...body.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host);
    // All but the first are defaults of settings, as text.
    const sources = ['huggingface.co', 'www.modelscope.cn', 'registry.ollama.ai', 'registry-1.docker.io'];
    expect([...new Set(hosts)]).toEqual(['127.0.0.1', ...sources]);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; /);
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each([
    ['a base path that the proxy keeps', '/llm/docs', 'http://127.0.0.1:8080/llm/api/instances', { base_path: '/llm' }],
    ['a base path that the proxy removes', '/docs', 'http://127.0.0.1:8080/llm/api/instances', { base_path: '/llm' }],
    ['its public URL', '/docs', 'https://ai.example/llm/api/instances', { public_url: 'https://ai.example/llm/' }],
    ['every address', '/docs', 'http://127.0.0.1:8080/api/instances', { host: '0.0.0.0' }],
    [
      'a base path that equals one of the API',
      '/health-team/docs',
      'http://127.0.0.1:8080/health-team/api/instances',
      { base_path: '/health-team' },
    ],
  ])('works under %s', async (_, url, request, server) => {
    const { statusCode, body } = await page({ config: testConfig({ server }) }, url);
    expect(statusCode).toBe(200);
    // The script replaces the marked URL by the address under which the page was loaded.
    const base = request.replace(/\/api\/instances$/, '');
    expect(body).toContain(`curl <span class="base">${base}</span>/api/instances</code>`);
    expect(body).toContain('href="api/openapi.json"');
  });

  it('is public and uncounted, and shows how to send a token when authentication is on', async () => {
    const { auth } = await AuthHarness.open();
    const { statusCode, body, headers } = await page({ auth, config: testConfig({ auth: { enabled: true } }) });
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty('x-ratelimit-limit');
    expect(body).toContain('-H &quot;Authorization: Bearer $TOKEN&quot;');
    const login = body.slice(body.indexOf('id="login"'), body.indexOf('id="refreshToken"'));
    expect(login).not.toContain('$TOKEN');
  });

  it('has a valid example body for each operation that takes one', () => {
    const withBody = operations.filter(({ body }) => body !== undefined);
    expect(Object.keys(EXAMPLES).sort()).toEqual(withBody.map(({ id }) => id).sort());
    for (const { id, body } of withBody) expect(body?.schema.safeParse(EXAMPLES[id]).error, id).toBe(undefined);
  });
});

describe('the markup of the page', () => {
  it('escapes inserted values, and nothing twice', () => {
    expect(markup`<p title="${'"'}">${'<a & b>'}${markup`<i>${"it's"}</i>`}${null}${[markup`1`, null]}</p>`.text).toBe(
      '<p title="&quot;">&lt;a &amp; b&gt;<i>it&#39;s</i>1</p>',
    );
  });

  it('renders backticks as code', () => {
    expect(prose('set `a<b`').text).toBe('set <code>a&lt;b</code>');
  });

  it.each([
    ['a list', { type: 'array', items: { type: 'string' } }, 'list of string'],
    ['a choice', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string or null'],
    ['several types', { type: ['string', 'null'] }, 'string or null'],
    ['words', { type: 'string', enum: ['a', 'b'] }, '<code>&quot;a&quot;</code> <code>&quot;b&quot;</code>'],
    ['a map', { type: 'object', additionalProperties: { type: 'number' } }, 'map to number'],
    ['another schema', { $ref: '#/components/schemas/Role' }, '<a href="#schema-Role">Role</a>'],
    ['anything', {}, 'anything'],
  ])('describes the type of %s', (_, schema, said) => {
    expect(kindOf(schema).text).toBe(said);
  });

  it.each([
    ['a number', { minimum: 1, maximum: 65_535 }, 'at least 1, at most 65535'],
    ['a text', { minLength: 1, maxLength: 255 }, 'not empty, at most 255 characters'],
    ['one letter', { maxLength: 1 }, 'at most 1 character'],
    ['several', { minItems: 2 }, 'at least 2 items'],
    [
      'a form, and what it is without one',
      { pattern: '^a<b', default: 'a' },
      'matches <code>^a&lt;b</code>; default <code>&quot;a&quot;</code>',
    ],
    ['no bound at all', { minimum: Number.MIN_SAFE_INTEGER, minLength: 0 }, null],
  ])('describes the bounds of %s', (_, schema, said) => {
    expect(aboutOf(schema)?.text ?? null).toBe(said === null ? null : ` <span class="bounds">${said}</span>`);
  });

  it('marks required fields of a request, and fields of an answer that may be missing', () => {
    const schema = { properties: { a: {}, b: {} }, required: ['a'] };
    const rows = (way: Way): string[] => fieldsOf(schema, {}, way)?.text.match(/<dt>[^]*?<\/dt>/g) ?? [];
    expect(rows('sent').map((row) => row.includes('required'))).toEqual([true, false]);
    expect(rows('answered').map((row) => row.includes('may be missing'))).toEqual([false, true]);
    expect(rows('answered').join('')).not.toContain('required');
  });

  it('shows nested fields, and stops at a recursive schema', () => {
    const tree = {
      type: 'object',
      properties: { leaf: { type: 'object', properties: { deep: {} } }, next: { $ref: '#/Tree' } },
    };
    const shown = fieldsOf({ $ref: '#/Tree' }, { Tree: tree }, 'sent')?.text ?? '';
    expect(shown).toContain('<code>deep</code>');
    expect(shown.match(/<code>next<\/code>/g)).toHaveLength(1);
  });
});
